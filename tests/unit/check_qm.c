/* SPDX-License-Identifier: ISC */
/* check_qm.c - what only the manager qm promises: guards, gdb, repair. */
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
#include <unistd.h>

#include "base/tune.h"
#include "mem/mem.h"
#include "mem/qm.h"
#include "mem/robust.h"
#include "mem/shm_mem.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define SIZE (1u << 20) /* bytes of each test's pool */

static struct test_pool t;

static struct qm_frag *frag_of(void *p)
{
	return (struct qm_frag *)((char *)p - sizeof(struct qm_frag));
}

static void open_pkg(void)
{
	test_pool_open(&t, KM_PKG, "qm", SIZE);
	test_log_catch();
}

static int line_has(const char *text)
{
	return strstr(test_log_text(), text) != NULL;
}

/* Findings of a whole pool, as mem.check collects them. */
static int count_findings(struct misuse *last)
{
	struct view_walk walk = { .with_free = true };
	struct view_block block;
	struct view *view;
	int n = 0, rc;

	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	do {
		while ((rc = view_next(view, &walk, &block)) == 1)
			n += view_inspect(view, &block, last);
		if (rc < 0) {
			*last = (struct misuse){ .kind = MISUSE_HEAD };
			n++;
		}
	} while (rc < 0 && view_resync(view, &walk) == 1);
	view_close(&view);
	return n;
}

START_TEST(damage_is_found_on_demand_and_the_walk_goes_on_behind_it)
{
	struct misuse finding;
	char *a, *b;

	open_pkg();
	a = pkg_malloc(33);
	b = pkg_malloc(100);
	pkg_malloc(100);
	ck_assert_int_eq(count_findings(&finding), 0);
	a[33] = 'x';
	ck_assert_int_eq(count_findings(&finding), 1);
	ck_assert_int_eq(finding.kind, MISUSE_TAIL);
	ck_assert_ptr_eq(finding.block, a);
	ck_assert_uint_eq(finding.size, 33);
	a[33] = (char)QM_SLACK;
	frag_of(b)->size = 12345;
	ck_assert_int_eq(count_findings(&finding), 1);
	ck_assert_int_eq(finding.kind, MISUSE_HEAD);
	a[33] = 'x';
	ck_assert_int_eq(count_findings(&finding), 2);
	test_pool_close(&t);
}
END_TEST

START_TEST(without_mem_join_neighbours_stay_apart)
{
	void *a, *b;

	open_pkg();
	km_tune->mem_join = 0;
	a = pkg_malloc(64);
	b = pkg_malloc(64);
	pkg_malloc(64);
	pkg_free(a);
	pkg_free(b);
	ck_assert_uint_eq(frag_of(a)->size, 64);
	ck_assert_ptr_ne(frag_of(b)->u.nxt_free, NULL);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

/* The published gdb recipe, statement by statement. */
START_TEST(the_gdb_walk_sees_used_blocks_and_ends_on_the_sentinel)
{
	struct qm_frag *a;
	int used = 0;

	open_pkg();
	for (int i = 0; i < 10; i++)
		pkg_malloc(100);
	a = mem_block->first_frag;
	for (int i = 0; i < 10000; i++) {
		if (a->u.is_free == 0) {
			ck_assert_ptr_nonnull(strstr(a->file, "check_qm.c"));
			ck_assert_str_eq(a->func, __func__);
			ck_assert_str_eq(a->mname, "core");
			used++;
		}
		a = (struct qm_frag *)((char *)a + sizeof(struct qm_frag) +
				       a->size + sizeof(struct qm_frag_end));
	}
	ck_assert_int_eq(used, 10);
	ck_assert_ptr_eq(a, mem_block->last_frag);
	test_pool_close(&t);
}
END_TEST

/* ---- the shared pool and death ------------------------------------------ */

#define N_KEPT 64

/* Operations that the process to be killed has begun. */
static unsigned long *n_begun;

/* Allocate and free at random until killed. */
static void churn(unsigned seed)
{
	void *kept[N_KEPT] = { 0 };

	for (;;) {
		__atomic_add_fetch(n_begun, 1, __ATOMIC_RELAXED);
		unsigned i = (unsigned)rand_r(&seed) % N_KEPT;
		size_t size = (unsigned)rand_r(&seed) % 2000;

		if (kept[i] != NULL && size % 3 == 0) {
			void *p = shm_realloc(kept[i], size + 1);

			if (p != NULL)
				kept[i] = p;
		} else if (kept[i] != NULL) {
			shm_free(kept[i]);
			kept[i] = NULL;
		} else {
			kept[i] = shm_malloc(size);
		}
	}
}

/* The kill comes somewhere in or after operation `after`. */
static void kill_in_churn(unsigned round)
{
	unsigned long after = 20 + round % 97 * 7;
	pid_t pid;

	__atomic_store_n(n_begun, 0, __ATOMIC_RELAXED);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		churn(round + 1);
	while (__atomic_load_n(n_begun, __ATOMIC_RELAXED) < after)
		sched_yield();
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* Free what the dead have left, so that each round has room. */
static void free_all(void)
{
	struct view_walk walk = { 0 };
	struct view_block block;
	struct view *view;

	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	while (view_next(view, &walk, &block) == 1)
		shm_free((void *)(uintptr_t)block.addr);
	view_close(&view);
}

START_TEST(a_kill_in_the_middle_leaves_a_pool_that_works)
{
	struct km_mem_info info;

	test_pool_open(&t, KM_SHM, "qm", 4 * SIZE);
	n_begun = mmap(NULL, sizeof(*n_begun), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(n_begun, MAP_FAILED);
	test_log_catch();
	for (unsigned round = 0; round < 300; round++) {
		kill_in_churn(round);
		shm_free(shm_malloc(16));
		test_pool_is_valid(&t);
		free_all();
		shm_info(&info);
		ck_assert_uint_eq(info.used, 0);
		ck_assert_uint_eq(info.blocks, 0);
	}
	ck_assert(!line_has("BUG"));
	test_pool_close(&t);
}
END_TEST

/* A kill in split() can come while the end of the rest is half written. */
START_TEST(a_block_killed_while_resized_gets_its_guards_back)
{
	struct qm_frag *frag;
	void *p;

	test_pool_open(&t, KM_SHM, "qm", SIZE);
	test_log_catch();
	p = shm_malloc(2000);
	frag = frag_of(p);
	frag->requested = SIZE_MAX;
	memset(qm_end(frag), 0, sizeof(struct qm_frag_end));
	qm_rebuild(t.pool, qm_block_of(t.pool));
	ck_assert_uint_eq(frag->requested, frag->size);
	shm_free(p);
	ck_assert_str_eq(test_log_text(), "");
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

/* What a death between two stores leaves is repaired from the heads. */
START_TEST(rebuild_needs_nothing_but_the_heads)
{
	struct qm_block *qm;
	struct km_mem_info before, after;
	void *p[8];

	test_pool_open(&t, KM_SHM, "qm", SIZE);
	qm = qm_block_of(t.pool);
	for (int i = 0; i < 8; i++)
		p[i] = shm_malloc(100 + (size_t)i * 50);
	for (int i = 0; i < 8; i += 2)
		shm_free(p[i]);
	shm_info(&before);
	memset(qm->free_list, 0xaa, sizeof(qm->free_list));
	memset(qm->not_empty, 0xaa, sizeof(qm->not_empty));
	memset(&qm->sums, 0xaa, sizeof(qm->sums));
	qm->sums.max_used = before.max_used;
	for (int i = 1; i < 8; i += 2)
		memset(&qm_end(frag_of(p[i]))->size, 0xaa, sizeof(size_t));
	qm_rebuild(t.pool, qm);
	account_store(&t.pool->account, t.pool->size, &qm->sums);
	shm_info(&after);
	ck_assert_mem_eq(&before, &after, sizeof(before));
	for (int i = 1; i < 8; i += 2)
		shm_free(p[i]);
	test_pool_is_valid(&t);
	shm_info(&after);
	ck_assert_uint_eq(after.fragments, 1);
	test_pool_close(&t);
}
END_TEST

/* A kill between a free and its joining leaves two where there was one. */
START_TEST(rebuild_joins_free_neighbours)
{
	struct km_mem_info before, after;
	void *p[3];

	test_pool_open(&t, KM_SHM, "qm", SIZE);
	shm_info(&before);
	for (int i = 0; i < 3; i++)
		p[i] = shm_malloc(100);
	km_tune->mem_join = 0;
	for (int i = 0; i < 3; i++)
		shm_free(p[i]);
	qm_rebuild(t.pool, qm_block_of(t.pool));
	ck_assert_uint_eq(qm_block_of(t.pool)->sums.fragments, 4);
	km_tune->mem_join = 1;
	qm_rebuild(t.pool, qm_block_of(t.pool));
	account_store(
	    &t.pool->account, t.pool->size, &qm_block_of(t.pool)->sums);
	shm_info(&after);
	ck_assert_uint_eq(after.fragments, 1);
	ck_assert_uint_eq(after.free, before.free);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(the_largest_free_fragment_is_found_through_a_view)
{
	struct km_mem_info info;
	void *p[8];

	test_pool_open(&t, KM_SHM, "qm", SIZE);
	shm_info(&info);
	ck_assert_uint_eq(info.largest, info.free);
	/* Of one list, the smaller ones first; then only of small lists. */
	for (size_t i = 0; i < 8; i++)
		p[i] = shm_malloc(i % 2 == 0 ? 40000 + i * 1000 : 16);
	p[7] = shm_malloc(info.free);
	while (shm_malloc(16) != NULL)
		;
	shm_info(&info);
	ck_assert_uint_eq(info.largest, 0);
	for (size_t i = 0; i < 8; i += 2) {
		shm_free(p[i]);
		shm_info(&info);
		ck_assert_uint_eq(info.largest, 40000 + i * 1000);
	}
	test_pool_close(&t);
}
END_TEST

START_TEST(a_reader_finds_whole_accounts_at_every_store)
{
	struct account account = { 0 };
	struct account_sums sums = { .free = 600, .used = 100 };
	struct km_mem_info info;

	account_store(&account, 1000, &sums);
	sums = (struct account_sums){
		.free = 100, .used = 800, .max_used = sums.max_used
	};
	/* Stopped after the first store: the old ones. */
	account.seq |= 1;
	account.copy[0].used = 12345;
	ck_assert_int_eq(account_load(&account, 1000, &info), 0);
	ck_assert_uint_eq(info.used, 100);
	ck_assert_uint_eq(info.real_used, 400);
	account_repair(&account);
	account_store(&account, 1000, &sums);
	ck_assert_int_eq(account_load(&account, 1000, &info), 0);
	ck_assert_uint_eq(info.used, 800);
	ck_assert_uint_eq(info.max_used, 900);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("qm");
	TCase *tcase = tcase_create("qm");

	tcase_add_test(
	    tcase, damage_is_found_on_demand_and_the_walk_goes_on_behind_it);
	tcase_add_test(tcase, without_mem_join_neighbours_stay_apart);
	tcase_add_test(
	    tcase, the_gdb_walk_sees_used_blocks_and_ends_on_the_sentinel);
	tcase_add_test(tcase, a_kill_in_the_middle_leaves_a_pool_that_works);
	tcase_add_test(
	    tcase, a_block_killed_while_resized_gets_its_guards_back);
	tcase_add_test(tcase, rebuild_needs_nothing_but_the_heads);
	tcase_add_test(tcase, rebuild_joins_free_neighbours);
	tcase_add_test(
	    tcase, the_largest_free_fragment_is_found_through_a_view);
	tcase_add_test(tcase, a_reader_finds_whole_accounts_at_every_store);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
