/* SPDX-License-Identifier: ISC */
/* check_root.c - named roots, who makes them, and who is killed in it. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
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
#include "mem/manager.h"
#include "mem/root_table.h"
#include "mem/shm_mem.h"
#include "mem/slot.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define MB	((size_t)1 << 20)
#define N_NAMES 5
#define N_RACE	4
#define INSIDE	0x1234567890abcdefULL

static struct test_pool t;

/* Shared by all processes of a test. */
static struct board {
	unsigned inits; /* initialisers that were run */
	unsigned stay;	/* the first one stays in there */
	unsigned count; /* operations */
} * board;

struct thing {
	uint64_t word[16];
};

static void open_shm(int i)
{
	test_pool_open(&t, KM_SHM, test_managers[i], 8 * MB);
	ck_assert_uint_eq(test_new_slot(&t), 0);
	test_log_catch();
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(board, MAP_FAILED);
}

static int init_thing(void *p)
{
	struct thing *thing = p;
	unsigned n = __atomic_add_fetch(&board->inits, 1, __ATOMIC_SEQ_CST);

	for (unsigned i = 0; i < 16; i++) {
		if (thing->word[i] != 0)
			return 1;
		thing->word[i] = INSIDE;
		if (i == 8 && n == 1 && board->stay)
			for (;;)
				pause();
	}
	return 0;
}

static int refuse(void *p)
{
	return 1;
}

static struct thing *get(const char *name)
{
	return km_root_get_or_create(name, sizeof(struct thing), init_thing);
}

static bool is_whole(const struct thing *thing)
{
	for (unsigned i = 0; i < 16; i++)
		if (thing->word[i] != INSIDE)
			return false;
	return true;
}

/* Every live block is the table, a root, or what a root has. */
static void pool_is_exact(void)
{
	struct root_walk roots = { 0 };
	struct view_walk walk = { 0 };
	struct view_block block;
	unsigned blocks = 0, known;
	struct root_row row;
	struct view *view;

	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	known = root_view_table(view) != 0;
	while (root_view_next(view, &roots, &row) == 1) {
		known += 1 + (row.value != 0);
		known += row.made != 0 && row.made != row.value;
	}
	while (view_next(view, &walk, &block) == 1) {
		must(block.state == BLOCK_NORMAL);
		blocks++;
	}
	view_close(&view);
	ck_assert_uint_eq(blocks, known);
	test_pool_is_valid(&t);
}

/* ---- one process -------------------------------------------------------- */

START_TEST(a_name_has_what_it_was_given)
{
	void *p;

	open_shm(_i);
	errno = 0;
	ck_assert_ptr_null(km_root_get("a"));
	ck_assert_int_eq(errno, ENOENT);
	p = shm_malloc(100);
	ck_assert_int_eq(km_root_set("a", p), 0);
	ck_assert_int_eq(km_root_set("b", (char *)p + 50), 0);
	ck_assert_ptr_eq(km_root_get("a"), p);
	ck_assert_ptr_eq(km_root_get("b"), (char *)p + 50);
	ck_assert_int_eq(km_root_set("b", NULL), 0);
	ck_assert_ptr_null(km_root_get("b"));
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

START_TEST(a_name_is_short_and_printable)
{
	char name[KM_ROOT_NAME_MAX + 2];

	open_shm(_i);
	memset(name, 'n', sizeof(name));
	name[KM_ROOT_NAME_MAX] = '\0';
	ck_assert_ptr_nonnull(get(name));
	ck_assert_ptr_nonnull(km_root_get(name));
	name[KM_ROOT_NAME_MAX] = 'n';
	name[KM_ROOT_NAME_MAX + 1] = '\0';
	errno = 0;
	ck_assert_ptr_null(get(name));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(km_root_get(""));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(km_root_set("tab\t", NULL), -KM_EINVAL);
	ck_assert_int_eq(km_root_set("a", &t), -KM_EINVAL);
	pool_is_exact();
	test_pool_close(&t);
	ck_assert_ptr_null(km_root_get("a"));
	ck_assert_ptr_null(get("a"));
	ck_assert_int_eq(km_root_set("a", NULL), -KM_EREADY);
}
END_TEST

START_TEST(it_is_made_once)
{
	struct thing *thing;

	open_shm(_i);
	thing = get("a");
	ck_assert(is_whole(thing));
	ck_assert_ptr_eq(get("a"), thing);
	ck_assert_ptr_eq(km_root_get("a"), thing);
	ck_assert_uint_eq(board->inits, 1);
	/* Somebody let go of it. */
	ck_assert_int_eq(km_root_set("a", NULL), 0);
	shm_free(thing);
	ck_assert(is_whole(get("a")));
	ck_assert_uint_eq(board->inits, 2);
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

START_TEST(an_initialiser_that_fails_leaves_nothing)
{
	open_shm(_i);
	errno = 0;
	ck_assert_ptr_null(km_root_get_or_create("a", 100, refuse));
	ck_assert_int_eq(errno, ECANCELED);
	ck_assert_ptr_null(km_root_get("a"));
	pool_is_exact();
	errno = 0;
	ck_assert_ptr_null(km_root_get_or_create("a", 64 * MB, NULL));
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_ptr_nonnull(km_root_get_or_create("a", 100, NULL));
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

static int init_twice(void *p)
{
	ck_assert_ptr_null(km_root_get_or_create("a", 100, NULL));
	ck_assert_int_eq(errno, EBUSY);
	ck_assert_int_eq(km_root_set("a", NULL), -KM_EBUSY);
	ck_assert_ptr_nonnull(get("another"));
	ck_assert_ptr_nonnull(shm_malloc_to((void **)p, 100));
	return shm_free_from((void **)p);
}

START_TEST(an_initialiser_may_do_all_but_ask_for_itself)
{
	open_shm(_i);
	ck_assert_ptr_nonnull(km_root_get_or_create("a", 100, init_twice));
	must(km_root_get("another") != NULL);
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

START_TEST(there_are_thousands_of_names)
{
	struct root_walk walk = { 0 };
	struct root_row row;
	struct view *view;
	char name[32];
	int n = test_scaled(5000), found = 0;

	open_shm(_i);
	for (int k = 0; k < n; k++) {
		snprintf(name, sizeof(name), "name %d", k);
		must(get(name) != NULL);
	}
	for (int k = 0; k < n; k++) {
		snprintf(name, sizeof(name), "name %d", k);
		ck_assert(is_whole(km_root_get(name)));
	}
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	while (root_view_next(view, &walk, &row) == 1)
		found++;
	view_close(&view);
	ck_assert_int_eq(found, n);
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

/* ---- a view of what is not as it should be ------------------------------ */

START_TEST(a_damaged_table_is_told)
{
	struct root_walk walk;
	struct root_row row;
	struct view *view;
	struct root *root;
	int rc;

	open_shm(_i);
	get("a");
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	walk = (struct root_walk){ 0 };
	ck_assert_int_eq(root_view_next(view, &walk, &row), 1);
	root = (struct root *)(uintptr_t)row.block;
	root->next = row.block; /* a circle */
	root->name[0] = '\n';
	memset(root->name + 1, 'x', sizeof(root->name) - 1);
	walk = (struct root_walk){ 0 };
	while ((rc = root_view_next(view, &walk, &row)) == 1)
		must(row.name[0] == '?');
	ck_assert_int_eq(rc, -KM_ECORRUPT);
	root->next = 12345;
	walk = (struct root_walk){ 0 };
	ck_assert_int_eq(root_view_next(view, &walk, &row), 1);
	ck_assert_int_eq(root_view_next(view, &walk, &row), -KM_ECORRUPT);
	t.pool->roots = (uint64_t)1 << 63;
	walk = (struct root_walk){ 0 };
	ck_assert_int_eq(root_view_next(view, &walk, &row), -KM_ECORRUPT);
	view_close(&view);
	test_pool_close(&t);
}
END_TEST

/* ---- several processes -------------------------------------------------- */

static void wait_for(const unsigned *count, unsigned n)
{
	while (__atomic_load_n(count, __ATOMIC_SEQ_CST) < n)
		sched_yield();
}

static pid_t start(uint32_t slot, void (*run)(unsigned seed), unsigned seed)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		pool_use(KM_SHM, t.pool, slot);
		run(seed);
		_exit(0);
	}
	return pid;
}

static void race(unsigned seed)
{
	struct thing *thing;

	__atomic_add_fetch(&board->count, 1, __ATOMIC_SEQ_CST);
	wait_for(&board->count, N_RACE);
	thing = get("a");
	_exit(thing != NULL && is_whole(thing) ? 0 : 1);
}

START_TEST(of_many_one_makes_it)
{
	pid_t pid[N_RACE];
	int status;

	for (int n = test_scaled(40); n > 0; n--) {
		open_shm(_i);
		for (unsigned i = 0; i < N_RACE; i++)
			pid[i] = start(test_new_slot(&t), race, 0);
		for (unsigned i = 0; i < N_RACE; i++) {
			ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
			ck_assert_int_eq(status, 0);
		}
		ck_assert_uint_eq(board->inits, 1);
		pool_is_exact();
		test_pool_close(&t);
	}
}
END_TEST

START_TEST(who_is_killed_in_it_is_followed_by_another)
{
	uint32_t first, second;
	pid_t dead, next;
	int status;

	open_shm(_i);
	board->stay = 1;
	first = test_new_slot(&t);
	second = test_new_slot(&t);
	dead = start(first, race, 0);
	board->count = N_RACE;
	wait_for(&board->inits, 1);
	next = start(second, race, 0);
	kill(dead, SIGKILL);
	waitpid(dead, NULL, 0);
	ck_assert_int_eq(waitpid(next, &status, 0), next);
	ck_assert_int_eq(status, 0);
	slot_dead(t.pool, first);
	ck_assert_uint_eq(board->inits, 2);
	ck_assert(is_whole(km_root_get("a")));
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

/* Another size than the dead had asked for. */
START_TEST(what_the_dead_have_left_is_not_kept)
{
	uint32_t slot;
	pid_t dead;

	open_shm(_i);
	board->stay = 1;
	slot = test_new_slot(&t);
	dead = start(slot, race, 0);
	board->count = N_RACE;
	wait_for(&board->inits, 1);
	kill(dead, SIGKILL);
	waitpid(dead, NULL, 0);
	slot_dead(t.pool, slot);
	pool_is_exact();
	ck_assert_ptr_nonnull(km_root_get_or_create("a", 5000, NULL));
	pool_is_exact();
	test_pool_close(&t);
}
END_TEST

/* Makes, lets go, makes again. */
static void make_for_ever(unsigned seed)
{
	char name[8];

	for (;;) {
		snprintf(name, sizeof(name), "%u",
		    (unsigned)rand_r(&seed) % N_NAMES);
		if (rand_r(&seed) % 3 == 0)
			km_root_get_or_create(name, 100, refuse);
		else
			get(name);
		if (rand_r(&seed) % 4 == 0)
			km_root_get_or_create(
			    name, (size_t)rand_r(&seed) % 50000, NULL);
		__atomic_add_fetch(&board->count, 1, __ATOMIC_RELAXED);
	}
}

/* Nobody uses them at the moment. */
static void let_go_of_all(void)
{
	char name[8];
	void *p;

	for (unsigned i = 0; i < N_NAMES; i++) {
		snprintf(name, sizeof(name), "%u", i);
		p = km_root_get(name);
		ck_assert_int_eq(km_root_set(name, NULL), 0);
		shm_free(p);
	}
}

static void kill_two(unsigned seed)
{
	uint32_t slot[2] = { test_new_slot(&t), test_new_slot(&t) };
	unsigned until = (unsigned)rand_r(&seed) % 30;
	pid_t pid[2];

	board->count = 0;
	for (unsigned i = 0; i < 2; i++)
		pid[i] = start(slot[i], make_for_ever, seed + i);
	wait_for(&board->count, until);
	for (unsigned i = (unsigned)rand_r(&seed) % 3000; i > 0; i--)
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < 2; i++)
		kill(pid[i], SIGKILL);
	for (unsigned i = 0; i < 2; i++) {
		waitpid(pid[i], NULL, 0);
		slot_dead(t.pool, slot[i]);
	}
	/* Under qm it is the next to call who repairs. */
	shm_free(shm_malloc(1));
}

START_TEST(whenever_somebody_is_killed_each_block_has_a_name)
{
	unsigned seed = (unsigned)time(NULL);

	printf("# seed %u\n", seed);
	test_n_slots = 64;
	open_shm(_i);
	for (int n = test_scaled(150); n > 0; n--, seed += 2) {
		kill_two(seed);
		pool_is_exact();
		let_go_of_all();
		pool_is_exact();
	}
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("root");
	TCase *tc = tcase_create("root"), *kills = tcase_create("kills");
	int n = test_n_managers;

	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, kills);
	tcase_add_loop_test(tc, a_name_has_what_it_was_given, 0, n);
	tcase_add_loop_test(tc, a_name_is_short_and_printable, 0, n);
	tcase_add_loop_test(tc, it_is_made_once, 0, n);
	tcase_add_loop_test(tc, an_initialiser_that_fails_leaves_nothing, 0, n);
	tcase_add_loop_test(
	    tc, an_initialiser_may_do_all_but_ask_for_itself, 0, n);
	tcase_add_loop_test(tc, there_are_thousands_of_names, 0, n);
	tcase_add_loop_test(tc, a_damaged_table_is_told, 0, n);
	tcase_set_timeout(kills, 300);
	tcase_add_loop_test(kills, of_many_one_makes_it, 0, n);
	tcase_add_loop_test(
	    kills, who_is_killed_in_it_is_followed_by_another, 0, n);
	tcase_add_loop_test(kills, what_the_dead_have_left_is_not_kept, 0, n);
	tcase_add_loop_test(
	    kills, whenever_somebody_is_killed_each_block_has_a_name, 0, n);
	return run_suite(suite);
}
