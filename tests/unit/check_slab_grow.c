/* SPDX-License-Identifier: ISC */
/* check_slab_grow.c - a slab pool that becomes larger while it is used. */
#include "config.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/manager.h"
#include "mem/shm_mem.h"
#include "mem/slab_part.h"
#include "mem/slot.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define MB	((size_t)1 << 20)
#define START	(2 * MB)
#define LARGEST (24 * MB)
#define N_OPS	300000

static struct test_pool t;

static void open_pool(void)
{
	uint32_t mine;

	test_max_size = LARGEST;
	test_pool_open(&t, KM_SHM, "slab", START);
	ck_assert_int_eq(slot_claim(t.pool, &mine), 0);
	slot_set(t.pool, mine, (int32_t)getpid(), 0, "test");
	test_log_catch();
}

static struct km_mem_info info(void)
{
	struct km_mem_info now;

	shm_info(&now);
	return now;
}

static void free_all(void)
{
	struct view_walk walk = { 0 };
	struct view_block block;
	struct view *view;
	int rc;

	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	while ((rc = view_next(view, &walk, &block)) == 1)
		shm_free((void *)(uintptr_t)block.addr);
	ck_assert_int_eq(rc, 0);
	view_close(&view);
	manager_slab.trim(t.pool);
	test_pool_is_valid(&t);
	ck_assert_uint_eq(info().used, 0);
	ck_assert_uint_eq(info().fragments, 1);
}

START_TEST(a_full_pool_grows_up_to_its_largest_size)
{
	static const size_t sizes[] = { 16, 100, 3000, 20000, 100000 };
	size_t n, size = sizes[_i], before = 0, shrank = 0;

	open_pool();
	ck_assert_uint_eq(info().total, START);
	for (n = 0; shm_malloc(size) != NULL; n++) {
		if (n % (2 * MB / size) == 0)
			test_pool_is_valid(&t);
		shrank += t.pool->size < before;
		before = t.pool->size;
	}
	ck_assert_uint_eq(shrank, 0);
	ck_assert_uint_eq(info().total, LARGEST);
	ck_assert_uint_eq(t.pool->size, LARGEST);
	ck_assert_uint_ge(n * size * 100, LARGEST * (size < 64 ? 60 : 75));
	free_all();
	ck_assert_uint_eq(info().total, LARGEST);
	test_pool_close(&t);
}
END_TEST

START_TEST(it_grows_no_further_than_is_needed)
{
	open_pool();
	ck_assert_ptr_nonnull(shm_malloc(START / 2));
	ck_assert_uint_eq(info().total, START);
	ck_assert_ptr_null(shm_malloc(LARGEST));
	ck_assert_uint_eq(info().total, START);
	ck_assert_ptr_nonnull(shm_malloc(START));
	ck_assert_uint_le(info().total, 2 * START + 2 * MB);
	ck_assert_ptr_nonnull(shm_memalign(MB, MB));
	ck_assert_uint_le(info().total, 2 * START + 5 * MB);
	test_pool_is_valid(&t);
	free_all();
	test_pool_close(&t);
}
END_TEST

START_TEST(the_largest_request_named_counts_on_growth)
{
	open_pool();
	ck_assert_uint_gt(info().largest, LARGEST - 2 * MB);
	ck_assert_ptr_null(shm_malloc(info().largest + 1));
	ck_assert_ptr_nonnull(shm_malloc(info().largest));
	ck_assert_uint_eq(info().total, LARGEST);
	test_pool_is_valid(&t);
	free_all();
	test_pool_close(&t);
}
END_TEST

START_TEST(a_view_opened_before_sees_what_is_new)
{
	struct view_walk walk = { 0 };
	struct km_mem_info now;
	struct view_block block;
	struct view *view;
	char *p;

	open_pool();
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	p = shm_malloc(4 * START);
	ck_assert_ptr_nonnull(p);
	p[4 * START - 1] = 'p';
	ck_assert_int_eq(view_info(view, &now), 0);
	ck_assert_uint_gt(now.total, 4 * START);
	ck_assert_uint_eq(now.total, now.free + now.real_used);
	ck_assert_uint_eq(now.used, 4 * START);
	ck_assert_int_eq(view_next(view, &walk, &block), 1);
	ck_assert_uint_eq(block.addr, (uintptr_t)p);
	ck_assert_int_eq(view_next(view, &walk, &block), 0);
	view_close(&view);
	test_pool_close(&t);
}
END_TEST

START_TEST(it_grows_by_what_is_asked_for)
{
	open_pool();
	ck_assert_int_eq(manager_slab.grow(t.pool, 3 * MB), 0);
	ck_assert_uint_eq(info().total, START + 3 * MB);
	test_pool_is_valid(&t);
	ck_assert_int_eq(manager_slab.grow(t.pool, LARGEST), -KM_EFULL);
	ck_assert_uint_eq(info().total, START + 3 * MB);
	ck_assert_int_eq(
	    manager_slab.grow(t.pool, LARGEST - START - 3 * MB), 0);
	ck_assert_uint_eq(info().total, LARGEST);
	ck_assert_int_eq(manager_slab.grow(t.pool, 1), -KM_EFULL);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

/* n_pages is the truth; who grew it was killed before he said so. */
START_TEST(a_kill_between_both_words_is_harmless)
{
	uint32_t slot;
	char *p;

	open_pool();
	ck_assert_int_eq(slot_claim(t.pool, &slot), 0);
	p = shm_malloc(4 * START);
	t.pool->size = START;
	ck_assert_uint_gt(info().total, 4 * START);
	test_pool_is_valid(&t);
	shm_free(p);
	slot_dead(t.pool, slot);
	ck_assert_uint_gt(t.pool->size, 4 * START);
	ck_assert_uint_eq(t.pool->size, info().total);
	test_pool_close(&t);
}
END_TEST

START_TEST(a_pool_that_cannot_grow_is_not_made)
{
	static char map[4096];
	struct pool_options opt = {
		.kind = KM_SHM,
		.manager = "qm",
		.name = "shm",
		.n_slots = 1,
		.size = START,
		.max_size = LARGEST,
	};
	struct km_pool *pool;

	ck_assert_ptr_null(manager_qm.grow);
	ck_assert_int_eq(pool_create(map, &opt, &pool), -KM_EINVAL);
}
END_TEST

/* ---- among processes ---------------------------------------------------- */

#define N_KEPT 3000

/* More and more, of all sizes; then nothing. */
static void allocate(unsigned seed)
{
	static char *kept[N_KEPT];
	const int n = test_scaled(N_OPS);

	for (int i = 0; i < n; i++) {
		char **p = &kept[rand_r(&seed) % (1 + i * N_KEPT / n)];
		size_t size = (size_t)rand_r(&seed) % (i % 50 ? 4000 : 90000);

		shm_free(*p);
		*p = shm_malloc(size);
		if (*p != NULL)
			memset(*p, 'k', size);
	}
	for (int i = 0; i < N_KEPT; i++)
		shm_free(kept[i]);
}

static pid_t launch(unsigned seed)
{
	uint32_t slot;
	pid_t pid;

	ck_assert_int_eq(slot_claim(t.pool, &slot), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		slot_set(t.pool, slot, (int32_t)getpid(), 1, "child");
		pool_use(KM_SHM, t.pool, slot);
		allocate(seed);
		_exit(0);
	}
	return pid;
}

/* Whatever is going on, a reader finds accounts and blocks that make sense. */
static void look(struct view *view)
{
	struct view_walk walk = { .with_free = true };
	struct view_block block;
	struct km_mem_info now;
	int bad = 0, rc;

	ck_assert_int_eq(view_info(view, &now), 0);
	ck_assert_uint_eq(now.total, now.free + now.real_used);
	ck_assert_uint_le(now.total, LARGEST);
	while ((rc = view_next(view, &walk, &block)) == 1)
		bad += block.size > block.room;
	ck_assert_int_eq(rc, 0);
	ck_assert_int_eq(bad, 0);
}

START_TEST(it_grows_while_two_processes_allocate)
{
	struct view *view;
	int left = 2, looks = 0;

	open_pool();
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	launch((unsigned)getpid());
	launch((unsigned)getpid() + 1);
	while (left > 0) {
		int status = 0;

		look(view);
		if (looks++ % 100 == 0)
			manager_slab.grow(t.pool, SLAB_PAGE);
		if (waitpid(-1, &status, WNOHANG) > 0) {
			ck_assert_int_eq(status, 0);
			left--;
		}
	}
	view_close(&view);
	ck_assert_int_gt(looks, 10);
	ck_assert_uint_gt(info().total, 4 * START);
	ck_assert_uint_eq(info().used, 0);
	ck_assert_str_eq(test_log_text(), "");
	free_all();
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slab_grow");
	TCase *tcase = tcase_create("slab_grow");

	/* A million of the smallest are for a fast machine. */
	tcase_add_loop_test(tcase, a_full_pool_grows_up_to_its_largest_size,
	    test_scaled(2) > 1 ? 0 : 1, 5);
	tcase_add_test(tcase, it_grows_no_further_than_is_needed);
	tcase_add_test(tcase, the_largest_request_named_counts_on_growth);
	tcase_add_test(tcase, a_view_opened_before_sees_what_is_new);
	tcase_add_test(tcase, it_grows_by_what_is_asked_for);
	tcase_add_test(tcase, a_kill_between_both_words_is_harmless);
	tcase_add_test(tcase, a_pool_that_cannot_grow_is_not_made);
	tcase_add_test(tcase, it_grows_while_two_processes_allocate);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
