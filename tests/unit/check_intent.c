/* SPDX-License-Identifier: ISC */
/* check_intent.c - allocation and publication as one step, kills included. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/intent.h"
#include "mem/manager.h"
#include "mem/shm_mem.h"
#include "mem/slot.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define MB   ((size_t)1 << 20)
#define N_AT 8 /* pointers */

enum {
	MINE,
	DEAD
}; /* slots */

static struct test_pool t;
static void **at; /* pointers in shm */

static const size_t sizes[] = { 100, 3000, 100000 };
#define N_SIZES (int)(sizeof(sizes) / sizeof(sizes[0]))

static size_t size_of(int i)
{
	return sizes[i / test_n_managers];
}

static struct pool_slot *slot_at(uint32_t slot)
{
	return (struct pool_slot *)pool_at(t.pool, t.pool->slots) + slot;
}

static void open_shm(int i)
{
	test_pool_open(&t, KM_SHM, test_managers[i % test_n_managers], 4 * MB);
	ck_assert_uint_eq(test_new_slot(&t), MINE);
	ck_assert_uint_eq(test_new_slot(&t), DEAD);
	test_log_catch();
	at = shm_mallocxz(N_AT * sizeof(*at));
	ck_assert_ptr_nonnull(at);
}

/* Each pointer has a block, and each block but theirs a pointer. */
static void pool_is_exact(void)
{
	struct view_walk walk = { 0 };
	struct view_block block;
	unsigned blocks = 0, pointers = 0;
	struct view *view;

	for (unsigned i = 0; i < N_AT; i++)
		pointers += at[i] != NULL;
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	while (view_next(view, &walk, &block) == 1) {
		bool is_known = block.addr == (uintptr_t)at;

		for (unsigned i = 0; i < N_AT; i++)
			is_known |= block.addr == (uintptr_t)at[i];
		ck_assert(is_known);
		ck_assert_int_eq(block.state, BLOCK_NORMAL);
		blocks++;
	}
	view_close(&view);
	ck_assert_uint_eq(blocks, pointers + 1);
	test_pool_is_valid(&t);
}

static bool change(
    void *p, const struct holding *from, uint32_t to, enum block_state state)
{
	const struct holding holding = { to, state };

	return manager_at(t.pool->manager)
	    ->change(t.pool, p, from, &holding, 0);
}

/* ---- without a kill ----------------------------------------------------- */

START_TEST(a_block_is_published_with_zeros_and_taken_back)
{
	char *p;

	open_shm(_i);
	p = shm_malloc(size_of(_i));
	memset(p, 'x', size_of(_i));
	shm_free(p);
	p = shm_malloc_to(&at[0], size_of(_i));
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_eq(at[0], p);
	ck_assert_ptr_eq(shm_get(&at[0]), p);
	for (size_t i = 0; i < size_of(_i); i++)
		must(p[i] == 0);
	pool_is_exact();
	ck_assert_int_eq(shm_free_from(&at[0]), 0);
	ck_assert_ptr_null(at[0]);
	ck_assert_int_eq(shm_free_from(&at[0]), -KM_ENOENT);
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

START_TEST(what_is_there_is_not_written_over)
{
	void *p;

	open_shm(_i);
	p = shm_malloc_to(&at[0], size_of(_i));
	errno = 0;
	ck_assert_ptr_null(shm_malloc_to(&at[0], 10));
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_ptr_eq(at[0], p);
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

START_TEST(a_pointer_is_one_in_shm)
{
	void *outside = NULL;

	open_shm(_i);
	errno = 0;
	ck_assert_ptr_null(shm_malloc_to(&outside, 10));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(shm_malloc_to((char *)at + 4, 10));
	ck_assert_int_eq(shm_free_from(&outside), -KM_EINVAL);
	ck_assert_ptr_null(shm_malloc_to(&at[0], 64 * MB));
	ck_assert_int_eq(errno, ENOMEM);
	pool_is_exact();
	test_pool_close(&t);
	ck_assert_ptr_null(shm_malloc_to(&outside, 10));
	ck_assert_int_eq(shm_free_from(&outside), -KM_EREADY);
}
END_TEST

START_TEST(what_is_no_block_is_reported_and_left)
{
	open_shm(_i);
	at[0] = (char *)at + 8;
	ck_assert_int_eq(shm_free_from(&at[0]), -KM_EINVAL);
	ck_assert_ptr_eq(at[0], (char *)at + 8);
	ck_assert_ptr_nonnull(strstr(test_log_text(), "BUG"));
	at[0] = NULL;
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

START_TEST(an_owned_block_says_so_wherever_it_moves)
{
	struct view_walk walk = { 0 };
	struct view_block block;
	struct view *view;
	void *p;

	open_shm(_i);
	shm_free(at);
	p = shm_malloc_owned(size_of(_i));
	p = shm_realloc(p, 2 * size_of(_i) + 50000);
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	ck_assert_int_eq(view_next(view, &walk, &block), 1);
	ck_assert_uint_eq(block.addr, (uintptr_t)p);
	ck_assert_int_eq(block.state, BLOCK_OWNED);
	view_close(&view);
	shm_free(p);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

/* ---- states that a kill leaves, made by hand ---------------------------- */

static void die_in(enum intent_op op, void **where, void *p)
{
	slot_at(DEAD)->where = (uintptr_t)where;
	slot_at(DEAD)->block = (uintptr_t)p;
	slot_at(DEAD)->intent = op;
	slot_dead(t.pool, DEAD);
	ck_assert_uint_eq(slot_at(DEAD)->intent, INTENT_NONE);
}

START_TEST(an_unpublished_block_of_the_dead_is_free)
{
	void *p;

	open_shm(_i);
	p = shm_malloc(size_of(_i));
	ck_assert(change(p, NULL, DEAD, BLOCK_PENDING));
	die_in(INTENT_MALLOC_TO, &at[0], p);
	ck_assert_ptr_null(at[0]);
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

START_TEST(a_published_block_of_the_dead_stays)
{
	void *p;

	open_shm(_i);
	p = at[0] = shm_malloc(size_of(_i));
	ck_assert(change(p, NULL, DEAD, BLOCK_PENDING));
	die_in(INTENT_MALLOC_TO, &at[0], p);
	ck_assert_ptr_eq(at[0], p);
	pool_is_exact();
	/* Once more, with what is nobody's intent any longer. */
	die_in(INTENT_MALLOC_TO, &at[1], p);
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

START_TEST(a_free_that_has_not_begun_is_none)
{
	open_shm(_i);
	at[0] = shm_malloc(size_of(_i));
	die_in(INTENT_FREE_FROM, &at[0], at[0]);
	ck_assert_ptr_nonnull(at[0]);
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

START_TEST(a_free_that_has_begun_is_completed)
{
	uint64_t mark;
	void *p;

	open_shm(_i);
	p = shm_malloc(size_of(_i));
	mark = (uintptr_t)p | 1 | (uint64_t)DEAD << 48;
	at[0] = (void *)(uintptr_t)mark;
	ck_assert_ptr_null(shm_get(&at[0]));
	ck_assert_int_eq(shm_free_from(&at[0]), -KM_ENOENT);
	ck_assert_ptr_null(shm_malloc_to(&at[0], 10));
	die_in(INTENT_FREE_FROM, &at[0], p);
	ck_assert_ptr_null(at[0]);
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

START_TEST(a_free_behind_its_mark_is_completed)
{
	void *p;

	open_shm(_i);
	p = shm_malloc(size_of(_i));
	ck_assert(change(p, NULL, DEAD, BLOCK_FREEING));
	die_in(INTENT_FREE_FROM, &at[0], p);
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

/* What it says is a participant's own business: it may be anything. */
START_TEST(an_intent_that_makes_no_sense_harms_nobody)
{
	static int outside;

	open_shm(_i);
	at[0] = shm_malloc(size_of(_i));
	die_in(INTENT_MALLOC_TO, (void **)(uintptr_t)8, at[0]);
	die_in(INTENT_MALLOC_TO, (void **)((char *)at + 3), at[0]);
	die_in(INTENT_FREE_FROM, (void **)&outside, &outside);
	die_in(INTENT_FREE_FROM, &at[0], (char *)at[0] + 3);
	die_in(INTENT_FREE_FROM, &at[0], t.pool);
	die_in((enum intent_op)77, &at[0], at[0]);
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

/* ---- kills -------------------------------------------------------------- */

static void publish_for_ever(unsigned seed, unsigned *count)
{
	for (;;) {
		unsigned i = (unsigned)rand_r(&seed) % N_AT;

		if (at[i] != NULL)
			shm_free_from(&at[i]);
		else
			shm_malloc_to(&at[i], sizes[rand_r(&seed) % N_SIZES]);
		__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
	}
}

static void kill_one(unsigned seed, unsigned *count)
{
	uint32_t slot = test_new_slot(&t);
	unsigned until = (unsigned)rand_r(&seed) % 200;
	pid_t pid;

	*count = 0;
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		pool_use(KM_SHM, t.pool, slot);
		publish_for_ever(seed, count);
	}
	while (__atomic_load_n(count, __ATOMIC_RELAXED) < until)
		sched_yield();
	/* Anywhere in an operation, not at its end. */
	for (unsigned i = (unsigned)rand_r(&seed) % 3000; i > 0; i--)
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	slot_dead(t.pool, slot);
	/* Under qm it is the next to call who repairs. */
	shm_free(shm_malloc(1));
}

START_TEST(whenever_somebody_is_killed_pointers_and_blocks_agree)
{
	unsigned seed = (unsigned)time(NULL), *count;

	printf("# seed %u\n", seed);
	count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	open_shm(_i);
	for (int n = test_scaled(300); n > 0; n--) {
		kill_one(seed++, count);
		pool_is_exact();
	}
	for (unsigned i = 0; i < N_AT; i++)
		shm_free_from(&at[i]);
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("intent");
	TCase *tc = tcase_create("intent"), *kills = tcase_create("kills");
	int n = test_n_managers * N_SIZES;

	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, kills);
	tcase_add_loop_test(
	    tc, a_block_is_published_with_zeros_and_taken_back, 0, n);
	tcase_add_loop_test(tc, what_is_there_is_not_written_over, 0, n);
	tcase_add_loop_test(tc, a_pointer_is_one_in_shm, 0, test_n_managers);
	tcase_add_loop_test(
	    tc, what_is_no_block_is_reported_and_left, 0, test_n_managers);
	tcase_add_loop_test(tc, an_owned_block_says_so_wherever_it_moves, 0, n);
	tcase_add_loop_test(tc, an_unpublished_block_of_the_dead_is_free, 0, n);
	tcase_add_loop_test(tc, a_published_block_of_the_dead_stays, 0, n);
	tcase_add_loop_test(tc, a_free_that_has_not_begun_is_none, 0, n);
	tcase_add_loop_test(tc, a_free_that_has_begun_is_completed, 0, n);
	tcase_add_loop_test(tc, a_free_behind_its_mark_is_completed, 0, n);
	tcase_add_loop_test(
	    tc, an_intent_that_makes_no_sense_harms_nobody, 0, n);
	tcase_set_timeout(kills, 300);
	tcase_add_loop_test(kills,
	    whenever_somebody_is_killed_pointers_and_blocks_agree, 0,
	    test_n_managers);
	return run_suite(suite);
}
