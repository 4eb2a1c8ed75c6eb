/* SPDX-License-Identifier: ISC */
/* check_orphans.c - blocks of the dead: who has them, and who frees them. */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "mem/manager.h"
#include "mem/shm_mem.h"
#include "mem/slot.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define MB ((size_t)1 << 20)

enum {
	MINE,
	DEAD
}; /* slots */

static struct test_pool t;

/* Above all pids that there can be: a real one would come and go. */
#define NOBODY (1 << 24)

/* Of a class, and of a run under slab. */
static const size_t sizes[] = { 100, 100000 };
#define N_SIZES (int)(sizeof(sizes) / sizeof(sizes[0]))

static void open_shm(int i)
{
	uint32_t slot;

	test_pool_open(&t, KM_SHM, test_managers[i % test_n_managers], MB);
	for (uint32_t s = MINE; s <= DEAD; s++) {
		ck_assert_int_eq(slot_claim(t.pool, &slot), 0);
		slot_set(t.pool, slot, NOBODY + (int32_t)s, 0, "x");
	}
	test_log_catch();
}

static size_t size_of(int i)
{
	return sizes[i / test_n_managers];
}

static bool change(void *p, uint32_t from, enum block_state state, uint32_t to,
    enum block_state to_state)
{
	const struct holding a = { from, state }, b = { to, to_state };

	return manager_at(t.pool->manager)->change(t.pool, p, &a, &b, 0);
}

/* The one live block. */
static struct view_block only_block(void)
{
	struct view_block block, more;
	struct view_walk walk = { 0 };
	struct view *view;

	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	ck_assert_int_eq(view_next(view, &walk, &block), 1);
	ck_assert_int_eq(view_next(view, &walk, &more), 0);
	view_close(&view);
	return block;
}

START_TEST(a_block_changes_hands)
{
	void *p;

	open_shm(_i);
	p = shm_malloc(size_of(_i));
	ck_assert_uint_eq(only_block().owner, MINE);
	ck_assert_uint_eq(only_block().state, BLOCK_NORMAL);
	ck_assert(change(p, MINE, BLOCK_NORMAL, DEAD, BLOCK_OWNED));
	ck_assert_uint_eq(only_block().owner, DEAD);
	ck_assert_uint_eq(only_block().state, BLOCK_OWNED);
	ck_assert_uint_eq(only_block().size, size_of(_i));
	test_pool_is_valid(&t);
	shm_free(p);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(a_block_that_is_not_theirs_stays)
{
	void *p;

	open_shm(_i);
	p = shm_malloc(size_of(_i));
	ck_assert(!change(p, DEAD, BLOCK_NORMAL, MINE, BLOCK_FREE));
	ck_assert(!change(p, MINE, BLOCK_OWNED, MINE, BLOCK_FREE));
	ck_assert(!change((char *)p + 16, MINE, BLOCK_NORMAL, 0, BLOCK_FREE));
	ck_assert_uint_eq(only_block().owner, MINE);
	shm_free(p);
	ck_assert(!change(p, MINE, BLOCK_NORMAL, MINE, BLOCK_FREE));
	ck_assert(!change(&t, MINE, BLOCK_NORMAL, MINE, BLOCK_FREE));
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(a_block_of_the_dead_is_freed_once)
{
	size_t before;
	void *p;

	open_shm(_i);
	before = shm_available();
	p = shm_malloc(size_of(_i));
	ck_assert(change(p, MINE, BLOCK_NORMAL, DEAD, BLOCK_NORMAL));
	slot_dead(t.pool, DEAD);
	ck_assert(change(p, DEAD, BLOCK_NORMAL, MINE, BLOCK_FREE));
	ck_assert(!change(p, DEAD, BLOCK_NORMAL, MINE, BLOCK_FREE));
	test_pool_is_valid(&t);
	if (manager_at(t.pool->manager)->trim != NULL)
		manager_at(t.pool->manager)->trim(t.pool);
	ck_assert_uint_ge(shm_available() + 2 * 4096, before);
	test_pool_close(&t);
}
END_TEST

/* A thread ended and left a block; then its process dies. */
START_TEST(what_a_thread_has_left_is_an_orphan_when_its_process_dies)
{
	struct pool_slot *slots;
	uint32_t left;

	open_shm(_i);
	slots = pool_at(t.pool, t.pool->slots);
	ck_assert_int_eq(slot_claim(t.pool, &left), 0);
	slot_set(t.pool, left, slots[DEAD].pid, 0, "x");
	slot_left(t.pool, left);
	ck_assert(!slot_is_dead(&slots[left]));
	slot_dead_process(t.pool, DEAD);
	ck_assert(slot_is_dead(&slots[left]));
	ck_assert(slot_is_dead(&slots[DEAD]));
	ck_assert(!slot_is_dead(&slots[MINE]));
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("orphans");
	TCase *tc = tcase_create("orphans");
	int n = test_n_managers * N_SIZES;

	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, a_block_changes_hands, 0, n);
	tcase_add_loop_test(tc, a_block_that_is_not_theirs_stays, 0, n);
	tcase_add_loop_test(tc, a_block_of_the_dead_is_freed_once, 0, n);
	tcase_add_loop_test(tc,
	    what_a_thread_has_left_is_an_orphan_when_its_process_dies, 0,
	    test_n_managers);
	return run_suite(suite);
}
