/* SPDX-License-Identifier: ISC */
/* check_slab_death.c - a slab pool among processes that sleep, stop and die. */
#include "config.h"

#include <check.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem/manager.h"
#include "mem/shm_mem.h"
#include "mem/slab_part.h"
#include "mem/slot.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define MB	  ((size_t)1 << 20)
#define N_SHARED  512
#define N_KILLS	  300
#define N_AT_ONCE 3

static struct test_pool t;

/* What the processes of a test share beside the pool. */
static struct board {
	int go;		       /* a step of the test has come */
	uint64_t count;	       /* operations done */
	void *block[N_SHARED]; /* each has its owner's stamp */
} * board;

static void open_all(size_t size)
{
	uint32_t mine;

	test_pool_open(&t, KM_SHM, "slab", size);
	ck_assert_int_eq(slot_claim(t.pool, &mine), 0);
	ck_assert_uint_eq(mine, 0);
	slot_set(t.pool, mine, (int32_t)getpid(), 0, "test");
	test_log_catch();
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(board, MAP_FAILED);
}

static void close_all(void)
{
	munmap(board, sizeof(*board));
	test_pool_close(&t);
}

static size_t used(void)
{
	struct km_mem_info info;

	shm_info(&info);
	return info.used;
}

/* Wait for a condition that another process makes true. */
static void wait_for(const int *word, int value)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) < value)
		sched_yield();
}

static void step(int *word)
{
	__atomic_add_fetch(word, 1, __ATOMIC_ACQ_REL);
}

/* A child that runs this as a participant of its own. Returns its pid. */
static pid_t launch(void (*run)(void), uint32_t *slot)
{
	pid_t pid;

	ck_assert_int_eq(slot_claim(t.pool, slot), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		slot_set(t.pool, *slot, (int32_t)getpid(), 1, "child");
		pool_use(KM_SHM, t.pool, *slot);
		run();
		_exit(0);
	}
	return pid;
}

static void bury(pid_t pid, uint32_t slot)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	slot_dead(t.pool, slot);
}

/* ---- nothing is stranded ------------------------------------------------ */

/* Fill the pool with blocks, and say how many. */
static void **fill_pool(size_t *n)
{
	void **p = mmap(NULL, 32 * MB, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (*n = 0; (p[*n] = shm_malloc(64)) != NULL; (*n)++)
		;
	return p;
}

/* Fill it, free every second block, and tell. */
static void half_fill(void)
{
	size_t n;
	void **p = fill_pool(&n);

	for (size_t i = 0; i < n; i += 2)
		shm_free(p[i]);
	board->count = n / 2;
	step(&board->go);
}

static void fill_and_sleep(void)
{
	half_fill();
	pause();
}

START_TEST(what_a_sleeper_has_freed_serves_others)
{
	uint32_t slot;
	size_t n = 0;
	pid_t pid;

	open_all(8 * MB);
	pid = launch(fill_and_sleep, &slot);
	wait_for(&board->go, 1);
	while (shm_malloc(64) != NULL)
		n++;
	ck_assert_uint_ge(n * 100, board->count * 95);
	test_pool_is_valid(&t);
	bury(pid, slot);
	test_pool_is_valid(&t);
	close_all();
}
END_TEST

/* The same, and all of a half of the pool: whole spans. */
static void fill_and_free_half(void)
{
	size_t n;
	void **p = fill_pool(&n);

	for (size_t i = 0; i < n / 2; i++)
		shm_free(p[i]);
	board->count = n / 2;
	step(&board->go);
	pause();
}

START_TEST(whole_spans_of_a_sleeper_become_large_blocks)
{
	uint32_t slot;
	size_t n = 0;
	pid_t pid;

	open_all(8 * MB);
	pid = launch(fill_and_free_half, &slot);
	wait_for(&board->go, 1);
	while (shm_malloc(100000) != NULL)
		n++;
	ck_assert_uint_ge(n * 100000 * 100, board->count * 64 * 90);
	bury(pid, slot);
	test_pool_is_valid(&t);
	close_all();
}
END_TEST

/* Blocks of 64 bytes for ever; half of the pool is free all the time. */
static void churn(void)
{
	half_fill();
	for (;;)
		shm_free(shm_malloc(64));
}

START_TEST(one_stopped_anywhere_pins_one_span)
{
	uint32_t slot;
	size_t n;
	pid_t pid;

	for (int round = 0; round < test_scaled(20); round++) {
		open_all(4 * MB);
		n = 0;
		pid = launch(churn, &slot);
		wait_for(&board->go, 1);
		kill(pid, SIGSTOP);
		ck_assert_int_eq(waitpid(pid, NULL, WUNTRACED), pid);
		while (shm_malloc(64) != NULL)
			n++;
		ck_assert_uint_ge(
		    n + slab_class[slab_class_of[4]].n_blocks, board->count);
		test_pool_is_valid(&t);
		bury(pid, slot);
		test_pool_is_valid(&t);
		close_all();
	}
}
END_TEST

/* ---- kill -9 ------------------------------------------------------------ */

/* At both ends of a block: who else got it would overwrite one. */
struct stamp {
	uint64_t who, size;
};

static void *stamped(size_t size, uint64_t who)
{
	char *p = shm_malloc(size);
	struct stamp stamp = { who, size };

	if (p == NULL)
		return NULL;
	memcpy(p + size - sizeof(stamp), &stamp, sizeof(stamp));
	memcpy(p, &stamp, sizeof(stamp));
	return p;
}

static void check_and_free(char *p)
{
	struct stamp head, tail;

	if (p == NULL)
		return;
	memcpy(&head, p, sizeof(head));
	memcpy(&tail, p + head.size - sizeof(tail), sizeof(tail));
	if (memcmp(&head, &tail, sizeof(head)) != 0)
		abort();
	shm_free(p);
}

/* Sizes of all kinds: small, several pages to a span, runs. */
static size_t some_size(unsigned *seed)
{
	unsigned shift = (unsigned)rand_r(seed) % 12;
	size_t size = (size_t)rand_r(seed) % ((size_t)32 << shift);

	return size < 2 * sizeof(struct stamp) ? 2 * sizeof(struct stamp)
					       : size;
}

static void resize_stamped(void **where, uint64_t who, unsigned *seed)
{
	char *p = __atomic_exchange_n(where, NULL, __ATOMIC_ACQ_REL), *q;
	struct stamp stamp = { who, some_size(seed) };

	if (p == NULL)
		return;
	q = shm_realloc(p, stamp.size);
	if (q == NULL) {
		check_and_free(p);
		return;
	}
	memcpy(q + stamp.size - sizeof(stamp), &stamp, sizeof(stamp));
	memcpy(q, &stamp, sizeof(stamp));
	check_and_free(__atomic_exchange_n(where, q, __ATOMIC_ACQ_REL));
}

static void storm(void)
{
	unsigned seed = (unsigned)getpid();
	uint64_t who = (uint64_t)getpid() << 32;

	step(&board->go);
	for (;;) {
		void **where = &board->block[rand_r(&seed) % N_SHARED];

		if (rand_r(&seed) % 8 == 0)
			resize_stamped(where, ++who, &seed);
		else
			check_and_free(__atomic_exchange_n(where,
			    rand_r(&seed) % 3 == 0
				? NULL
				: stamped(some_size(&seed), ++who),
			    __ATOMIC_ACQ_REL));
		__atomic_add_fetch(&board->count, 1, __ATOMIC_RELAXED);
	}
}

/* At a moment that nobody chose: after so many more operations, and a bit. */
static void wait_a_little(unsigned *seed)
{
	uint64_t until = board->count + (uint64_t)rand_r(seed) % 400;

	while (__atomic_load_n(&board->count, __ATOMIC_RELAXED) < until)
		;
	for (volatile int i = rand_r(seed) % 3000; i > 0; i--)
		;
}

/* Nothing of a dead participant is half done any more. */
static void nothing_is_left_of(uint32_t slot)
{
	const struct slab *slab = slab_of(t.pool);
	const struct slab_page *page = slab_pages(t.pool);

	for (uint64_t i = 0; i < slab->n_pages; i++) {
		uint64_t word = slab_load(&page[i]);

		switch (slab_kind(word)) {
		case SLAB_RES:
		case SLAB_DYING:
		case SLAB_SHRK:
		case SLAB_SPAN:
			must(slab_word_slot(word) != slot);
			break;
		default:
			break;
		}
	}
}

/* Whatever was live is freed: then each page is free, and none was lost. */
static void all_comes_back(void)
{
	struct view_walk walk = { 0 };
	struct km_mem_info info;
	struct view_block block;
	struct view *view;

	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	while (view_next(view, &walk, &block) == 1)
		shm_free((void *)(uintptr_t)block.addr);
	view_close(&view);
	ck_assert_uint_eq(used(), 0);
	manager_slab.trim(t.pool);
	test_pool_is_valid(&t);
	shm_info(&info);
	ck_assert_uint_eq(info.fragments, 1);
	ck_assert_uint_eq(
	    info.free, slab_of(t.pool)->n_pages << SLAB_PAGE_SHIFT);
}

START_TEST(a_kill_anywhere_loses_nothing_and_blocks_nobody)
{
	pid_t pid[N_AT_ONCE];
	uint32_t slot[N_AT_ONCE];
	unsigned seed = (unsigned)getpid();

	printf("# seed %u\n", seed);
	/* A block that the dead had in its hands names its slot for ever. */
	test_n_slots = N_KILLS + N_AT_ONCE + 2;
	open_all(64 * MB);
	for (int i = 0; i < N_AT_ONCE; i++)
		pid[i] = launch(storm, &slot[i]);
	for (int i = 0; i < test_scaled(N_KILLS); i++) {
		int k = rand_r(&seed) % N_AT_ONCE;

		wait_for(&board->go, N_AT_ONCE + i);
		wait_a_little(&seed);
		bury(pid[k], slot[k]);
		nothing_is_left_of(slot[k]);
		pid[k] = launch(storm, &slot[k]);
	}
	for (int i = 0; i < N_AT_ONCE; i++)
		bury(pid[i], slot[i]);
	test_pool_is_valid(&t);
	ck_assert_str_eq(test_log_text(), "");
	all_comes_back();
	close_all();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slab_death");
	TCase *tcase = tcase_create("slab_death");

	tcase_add_test(tcase, what_a_sleeper_has_freed_serves_others);
	tcase_add_test(tcase, whole_spans_of_a_sleeper_become_large_blocks);
	tcase_add_test(tcase, one_stopped_anywhere_pins_one_span);
	tcase_add_test(tcase, a_kill_anywhere_loses_nothing_and_blocks_nobody);
	tcase_set_timeout(tcase, 240);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
