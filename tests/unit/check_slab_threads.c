/* SPDX-License-Identifier: ISC */
/* check_slab_threads.c - a slab pool used by several threads of a process. */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mem/manager.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"
#include "mem/slab_part.h"
#include "mem/slot.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define MB ((size_t)1 << 20)

static struct test_pool t;

static void open_shm(size_t size)
{
	test_pool_open(&t, KM_SHM, "slab", size);
	/* Or another thread would get the slot as well. */
	slot_set(t.pool, 0, (int32_t)getpid(), 0, "main");
	test_log_catch();
}

static struct km_mem_info info(void)
{
	struct km_mem_info now;

	shm_info(&now);
	return now;
}

#define N_THREADS 4
#define N_ROUNDS  20000
#define N_SHARED  256

static void *shared[N_SHARED];

/* Each takes what another has put there, and puts its own. */
static void *pass_blocks(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;

	for (int i = 0; i < test_scaled(N_ROUNDS); i++) {
		size_t size = (size_t)rand_r(&seed) % 3000;
		char *p = shm_malloc(size);
		void **where = &shared[rand_r(&seed) % N_SHARED];

		if (p == NULL)
			abort();
		memset(p, (int)size, size);
		shm_free(__atomic_exchange_n(where, p, __ATOMIC_ACQ_REL));
	}
	return NULL;
}

START_TEST(threads_free_each_others_blocks)
{
	pthread_t thread[N_THREADS];

	open_shm(16 * MB);
	for (uintptr_t i = 0; i < N_THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, pass_blocks,
				     (void *)(i + 1)),
		    0);
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(thread[i], NULL);
	test_pool_is_valid(&t);
	for (int i = 0; i < N_SHARED; i++)
		shm_free(shared[i]);
	ck_assert_uint_eq(info().used, 0);
	ck_assert_uint_eq(info().blocks, 0);
	ck_assert_str_eq(test_log_text(), "");
	manager_slab.trim(t.pool);
	ck_assert_uint_eq(info().fragments, 1);
	test_pool_close(&t);
}
END_TEST

/* Wherever the other one is, there is room before it or behind. */
static void *take_large(void *arg)
{
	for (int i = 0; i < test_scaled(20000); i++) {
		void *p = shm_malloc(2 * MB);

		if (p == NULL)
			abort();
		shm_free(p);
	}
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_RELEASE);
	return NULL;
}

START_TEST(large_blocks_of_two_threads_do_not_get_in_each_others_way)
{
	struct km_mem_info now;
	pthread_t thread[2];
	int done = 0;

	open_shm(8 * MB);
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, take_large, &done);
	while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < 2)
		must(view_own_info(t.pool, &now) == 0);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	ck_assert_str_eq(test_log_text(), "");
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

/* Of the process, as by km_attach(); it has a part in another pool as well. */
static void *use_shm(void *slot)
{
	pkg_free(pkg_malloc(10));
	pool_use(KM_SHM, t.pool, (uint32_t)(uintptr_t)slot);
	return shm_malloc(100);
}

START_TEST(the_slot_of_a_process_outlives_the_thread_that_made_it)
{
	const struct pool_slot *slots;
	struct test_pool pkg;
	pthread_t thread;
	uint32_t slot;
	void *p;

	open_shm(8 * MB);
	test_pool_open(&pkg, KM_PKG, "slab", 8 * MB);
	ck_assert_int_eq(slot_claim(t.pool, &slot), 0);
	slot_set(t.pool, slot, (int32_t)getpid(), -1, "program");
	pthread_create(&thread, NULL, use_shm, (void *)(uintptr_t)slot);
	pthread_join(thread, &p);
	slots = pool_at(t.pool, t.pool->slots);
	ck_assert_uint_eq(slots[slot].state, SLOT_LIVE);
	shm_free(p);
	test_pool_is_valid(&t);
	test_pool_close(&pkg);
	test_pool_close(&t);
}
END_TEST

/* The clock of the shm pool goes with it. */
static void *use_pkg(void *arg)
{
	int *step = arg;

	pkg_free(pkg_malloc(10));
	__atomic_store_n(step, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(step, __ATOMIC_ACQUIRE) < 2)
		;
	for (int i = 0; i < 1000; i++)
		pkg_malloc(10);
	return NULL;
}

START_TEST(pkg_goes_on_in_all_threads_when_shm_has_gone)
{
	struct test_pool pkg;
	pthread_t thread;
	int step = 0;

	test_pool_open(&pkg, KM_PKG, "slab", MB);
	open_shm(MB);
	pthread_create(&thread, NULL, use_pkg, &step);
	while (__atomic_load_n(&step, __ATOMIC_ACQUIRE) < 1)
		;
	test_pool_close(&t);
	__atomic_store_n(&step, 2, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	test_pool_close(&pkg);
}
END_TEST

static void *fill_and_leave(void *arg)
{
	void **p = arg;

	for (int i = 0; i < 1000; i++)
		p[i] = shm_malloc(100);
	for (int i = 0; i < 1000; i += 2)
		shm_free(p[i]);
	return NULL;
}

START_TEST(what_a_thread_leaves_is_had_by_others)
{
	void *p[1000];
	pthread_t thread;
	size_t before;

	open_shm(MB);
	for (int i = 0; i < test_scaled(200); i++) {
		pthread_create(&thread, NULL, fill_and_leave, p);
		pthread_join(thread, NULL);
		before = info().real_used;
		for (int k = 0; k < 400; k++)
			must(shm_malloc(100) != NULL);
		ck_assert_uint_le(info().real_used, before + 4 * SLAB_PAGE);
		ck_assert_uint_eq(info().blocks, 900);
		test_pool_is_valid(&t);
		test_pool_close(&t);
		open_shm(MB);
	}
	test_pool_close(&t);
}
END_TEST

#define N_RUNS 20000

static int is_done;

/* Runs of ten pages, touched, so that the system has something to get. */
static void *allocate_runs(void *failed)
{
	for (int i = 0; i < N_RUNS; i++) {
		char *p = shm_malloc(40000);

		if (p == NULL)
			++*(int *)failed;
		else
			p[i % 40000] = 'p';
		shm_free(p);
	}
	__atomic_store_n(&is_done, 1, __ATOMIC_RELEASE);
	return NULL;
}

START_TEST(nobody_lacks_memory_because_it_is_trimmed)
{
	pthread_t thread;
	int failed = 0;

	open_shm(4 * MB);
	ck_assert_int_eq(
	    pthread_create(&thread, NULL, allocate_runs, &failed), 0);
	while (!__atomic_load_n(&is_done, __ATOMIC_ACQUIRE))
		manager_slab.trim(t.pool);
	pthread_join(thread, NULL);
	ck_assert_int_eq(failed, 0);
	ck_assert_uint_eq(info().used, 0);
	test_pool_is_valid(&t);
	manager_slab.trim(t.pool);
	ck_assert_uint_eq(manager_slab.trim(t.pool), 0);
	test_pool_close(&t);
}
END_TEST

/* Pages that are out of reach when the system gets some, at most. */
static unsigned reserved_most;

int madvise(void *p, size_t size, int advice)
{
	const struct slab *slab;
	const struct slab_page *page;
	unsigned n = 0;

	if (t.pool != NULL) {
		slab = pool_at(t.pool, t.pool->data);
		page = pool_at(t.pool, slab->pages);
		for (uint64_t i = 0; i < slab->n_pages; i++)
			n += slab_kind(slab_load(&page[i])) == SLAB_RES;
	}
	if (n > reserved_most)
		reserved_most = n;
	return (int)syscall(SYS_madvise, p, size, advice);
}

/* The pool is full but for 80 pages, in one row. */
START_TEST(of_few_free_pages_a_trim_takes_a_part_at_a_time)
{
	char *p, *from[8];
	int n = 0;

	open_shm(4 * MB);
	while ((p = shm_malloc(40000)) != NULL) {
		memset(p, 'p', 40000);
		if (n < 8)
			from[n++] = p;
	}
	for (int i = 0; i < n; i++)
		shm_free(from[i]);
	reserved_most = 0;
	ck_assert_uint_ge(manager_slab.trim(t.pool), 80 * SLAB_PAGE);
	ck_assert_uint_gt(reserved_most, 0);
	ck_assert_uint_le(reserved_most, 80 / 8 + 1);
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slab_threads");
	TCase *tcase = tcase_create("slab_threads");

	tcase_add_test(tcase, threads_free_each_others_blocks);
	tcase_add_test(
	    tcase, large_blocks_of_two_threads_do_not_get_in_each_others_way);
	tcase_add_test(tcase, pkg_goes_on_in_all_threads_when_shm_has_gone);
	tcase_add_test(
	    tcase, the_slot_of_a_process_outlives_the_thread_that_made_it);
	tcase_add_test(tcase, what_a_thread_leaves_is_had_by_others);
	tcase_add_test(tcase, nobody_lacks_memory_because_it_is_trimmed);
	tcase_add_test(tcase, of_few_free_pages_a_trim_takes_a_part_at_a_time);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
