/* SPDX-License-Identifier: ISC */
/* check_pkg_private.c - the pkg pool of a program that kmemd did not start. */
#include "config.h"

#include <check.h>
#include <errno.h>

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/mem.h"
#include "mem/private.h"
#include "mem/shm_mem.h"
#include "mem/slab_part.h"
#include "mem/slot.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define MB ((size_t)1 << 20)

static void setup(void)
{
	test_log_catch();
}

/* So that the next test has none, when they share a process. */
static void teardown(void)
{
	struct km_pool *pool = pool_in_use(KM_PKG);

	if (pool == NULL)
		return;
	pool_use(KM_PKG, NULL, 0);
	munmap(pool, pool->max_size);
}

static void is_valid(void)
{
	struct test_pool t = { pool_in_use(KM_PKG),
		pool_in_use(KM_PKG)->max_size };

	test_pool_is_valid(&t);
}

static struct km_mem_info info(void)
{
	struct km_mem_info now;

	pkg_info(&now);
	return now;
}

static struct pool_slot *slot_at(uint32_t i)
{
	struct km_pool *pool = pool_in_use(KM_PKG);

	return (struct pool_slot *)pool_at(pool, pool->slots) + i;
}

/* Slots that are in a state. */
static unsigned count_slots(enum slot_state state)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < pool_in_use(KM_PKG)->n_slots; i++)
		n += slot_at(i)->state == (uint32_t)state;
	return n;
}

START_TEST(the_first_pkg_malloc_makes_the_pool)
{
	char *p;

	ck_assert_uint_eq(info().total, 0);
	p = pkg_malloc(100);
	ck_assert_ptr_nonnull(p);
	memset(p, 1, 100);
	ck_assert_uint_eq(info().used, 100);
	ck_assert_uint_eq(info().blocks, 1);
	/* What may yet become of it is no memory. */
	ck_assert_uint_lt(info().total, 64 * MB);
	ck_assert_int_eq(pool_in_use(KM_PKG)->owner_pid, getpid());
	ck_assert_str_eq(slot_at(0)->name, program_invocation_short_name);
	ck_assert_int_eq(slot_at(0)->rank, -1);
	is_valid();
	pkg_free(p);
	ck_assert_uint_eq(info().used, 0);
	ck_assert_str_eq(test_log_text(), "");
}
END_TEST

START_TEST(what_is_asked_for_is_what_there_is)
{
	const char *name = test_managers[_i];

	ck_assert_int_eq(km_pkg_init(0, "buddy"), -KM_EINVAL);
	ck_assert_int_eq(km_pkg_init(1000, name), -KM_ERANGE);
	ck_assert_int_eq(km_pkg_init(SIZE_MAX / 2, name), -KM_ENOMEM);
	ck_assert_ptr_null(pool_in_use(KM_PKG));
	ck_assert_int_eq(km_pkg_init(8 * MB, name), 0);
	ck_assert_int_eq(km_pkg_init(8 * MB, name), -KM_EEXIST);
	ck_assert_uint_le(info().total, 8 * MB);
	ck_assert_ptr_nonnull(pkg_malloc(7 * MB));
	ck_assert_ptr_null(pkg_malloc(7 * MB));
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_ptr_nonnull(strstr(test_log_text(), "km_pkg_init()"));
	is_valid();
}
END_TEST

START_TEST(it_grows_until_it_is_as_large_as_asked_for)
{
	size_t n = 0, before;

	ck_assert_int_eq(km_pkg_init(256 * MB, NULL), 0);
	before = info().total;
	while (pkg_malloc(30000) != NULL)
		n++;
	ck_assert_uint_gt(n * 30000, 230 * MB);
	ck_assert_uint_gt(info().total, before * 8);
	ck_assert_uint_le(info().total, 256 * MB);
	is_valid();
}
END_TEST

/* Under both managers it has as much as address space for it. */
START_TEST(defaults_are_large)
{
	ck_assert_int_eq(km_pkg_init(0, test_managers[_i]), 0);
	ck_assert_ptr_nonnull(pkg_malloc(900 * MB));
	is_valid();
}
END_TEST

START_TEST(without_kmemd_there_is_no_shm)
{
	errno = 0;
	ck_assert_ptr_null(shm_malloc(10));
	ck_assert_int_eq(errno, ENOTCONN);
	ck_assert_ptr_nonnull(strstr(test_log_text(), "not attached"));
}
END_TEST

START_TEST(a_process_of_kmemd_gets_no_pool_but_from_it)
{
	private_deny();
	errno = 0;
	ck_assert_ptr_null(pkg_malloc(10));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(km_pkg_init(0, NULL), -KM_EPERM);
}
END_TEST

/* ---- threads ------------------------------------------------------------ */

static void *keep_one(void *where)
{
	*(void **)where = pkg_malloc(40);
	return NULL;
}

static void run(void *(*function)(void *), void *arg)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, function, arg), 0);
	pthread_join(thread, NULL);
}

#define N_THREADS 3000

START_TEST(a_slot_is_had_again_though_blocks_name_it)
{
	static void *kept[N_THREADS];
	int n = test_scaled(N_THREADS);

	ck_assert_ptr_nonnull(pkg_malloc(1));
	for (int i = 0; i < n; i++)
		run(keep_one, &kept[i]);
	ck_assert_uint_eq(count_slots(SLOT_LIVE), 1);
	ck_assert_uint_le(count_slots(SLOT_LEFT), 2);
	ck_assert_uint_eq(info().blocks, (size_t)n + 1);
	for (int i = 0; i < n; i++)
		pkg_free(kept[i]);
	ck_assert_uint_eq(info().blocks, 1);
	is_valid();
}
END_TEST

#define ROUNDS_MAX 4 /* of destructors, at least: POSIX */

static pthread_key_t late_key;

/* Whatever the order of destructors, this comes behind the last of them. */
static void free_late(void *p)
{
	static __thread int rounds;

	if (++rounds < ROUNDS_MAX)
		pthread_setspecific(late_key, p);
	else
		pkg_free(p);
	pkg_free(pkg_malloc(100));
}

static void *have_late(void *arg)
{
	pkg_free(pkg_malloc(10));
	pthread_setspecific(late_key, pkg_malloc(20));
	return NULL;
}

START_TEST(a_thread_at_its_end_leaves_no_slot_behind)
{
	ck_assert_int_eq(pthread_key_create(&late_key, free_late), 0);
	ck_assert_ptr_nonnull(pkg_malloc(1));
	run(have_late, NULL);
	ck_assert_uint_eq(count_slots(SLOT_LIVE), 1);
	ck_assert_uint_eq(info().blocks, 1);
	is_valid();
	pthread_key_delete(late_key);
}
END_TEST

#define N_AT_ONCE 8
#define N_BLOCKS  200

static pthread_barrier_t all_there;

/* All make the pool at once. */
static void *come_and_go(void *arg)
{
	void *block[N_BLOCKS];

	pthread_barrier_wait(&all_there);
	for (int i = 0; i < N_BLOCKS; i++)
		block[i] = pkg_malloc((size_t)i * 50);
	for (int i = 0; i < N_BLOCKS; i++) {
		if (block[i] == NULL)
			abort();
		pkg_free(block[i]);
	}
	return NULL;
}

START_TEST(threads_that_come_first_share_one_pool)
{
	pthread_t thread[N_AT_ONCE];

	pthread_barrier_init(&all_there, NULL, N_AT_ONCE);
	for (int i = 0; i < N_AT_ONCE; i++)
		ck_assert_int_eq(
		    pthread_create(&thread[i], NULL, come_and_go, NULL), 0);
	for (int i = 0; i < N_AT_ONCE; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_eq(info().used, 0);
	is_valid();
}
END_TEST

/* ---- fork --------------------------------------------------------------- */

/* Of the child: what it finds must be as in the parent, and is its own. */
static int use_in_child(char *inherited)
{
	char *p = pkg_malloc(1000);

	if (p == NULL || strcmp(inherited, "parent's") != 0 ||
	    pool_in_use(KM_PKG)->owner_pid != getpid() ||
	    slot_at(pool_slot_of_thread(KM_PKG))->pid != getpid())
		return 1;
	memcpy(inherited, "child's", sizeof("child's"));
	pkg_free(inherited);
	is_valid();
	return info().blocks == 1 ? 0 : 2;
}

static void is_good_child(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(a_child_has_a_copy)
{
	char *p;
	pid_t pid;

	ck_assert_int_eq(km_pkg_init(8 * MB, test_managers[_i]), 0);
	p = pkg_malloc(20);
	memcpy(p, "parent's", sizeof("parent's"));
	pid = fork();
	if (pid == 0)
		_exit(use_in_child(p));
	is_good_child(pid);
	ck_assert_str_eq(p, "parent's");
	ck_assert_uint_eq(info().blocks, 1);
	is_valid();
}
END_TEST

static void *hold(void *arg)
{
	for (int i = 0; i < N_BLOCKS; i++)
		pkg_free(pkg_malloc((size_t)i * 50));
	pthread_barrier_wait(&all_there);
	pthread_barrier_wait(&all_there);
	return NULL;
}

/* What threads of the parent had is used up, and their slots are free again. */
static int fill_in_child(void)
{
	if (count_slots(SLOT_RECOVERING) != N_AT_ONCE ||
	    count_slots(SLOT_LIVE) != 1)
		return 1;
	while (pkg_malloc(500) != NULL)
		;
	is_valid();
	if (count_slots(SLOT_RECOVERING) != 0 ||
	    count_slots(SLOT_LEFT) != N_AT_ONCE)
		return 2;
	return info().free < MB / 16 ? 0 : 3;
}

START_TEST(a_child_settles_what_the_parents_threads_left)
{
	pthread_t thread[N_AT_ONCE];
	pid_t pid;

	ck_assert_int_eq(km_pkg_init(4 * MB, NULL), 0);
	ck_assert_ptr_nonnull(pkg_malloc(1));
	pthread_barrier_init(&all_there, NULL, N_AT_ONCE + 1);
	for (int i = 0; i < N_AT_ONCE; i++)
		ck_assert_int_eq(
		    pthread_create(&thread[i], NULL, hold, NULL), 0);
	pthread_barrier_wait(&all_there);
	pid = fork();
	if (pid == 0)
		_exit(fill_in_child());
	pthread_barrier_wait(&all_there);
	for (int i = 0; i < N_AT_ONCE; i++)
		pthread_join(thread[i], NULL);
	is_good_child(pid);
	ck_assert_uint_eq(info().blocks, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pkg_private");
	TCase *tc = tcase_create("private");
	TCase *end = tcase_create("end");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_first_pkg_malloc_makes_the_pool);
	tcase_add_loop_test(
	    tc, what_is_asked_for_is_what_there_is, 0, test_n_managers);
	tcase_add_test(tc, it_grows_until_it_is_as_large_as_asked_for);
	tcase_add_loop_test(tc, defaults_are_large, 0, test_n_managers);
	tcase_add_test(tc, without_kmemd_there_is_no_shm);
	tcase_add_test(tc, a_slot_is_had_again_though_blocks_name_it);
	tcase_add_test(tc, threads_that_come_first_share_one_pool);
	tcase_add_loop_test(tc, a_child_has_a_copy, 0, test_n_managers);
	tcase_add_test(tc, a_child_settles_what_the_parents_threads_left);
	/* Last: there is no way back. */
	tcase_add_test(tc, a_process_of_kmemd_gets_no_pool_but_from_it);
	suite_add_tcase(suite, tc);
	/* What is behind the last destructor TSan does not survive. */
	tcase_set_tags(end, "not-for-tsan");
	tcase_add_checked_fixture(end, setup, teardown);
	tcase_add_test(end, a_thread_at_its_end_leaves_no_slot_behind);
	suite_add_tcase(suite, end);
	return run_suite(suite);
}
