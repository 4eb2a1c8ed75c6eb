/* SPDX-License-Identifier: ISC */
/* check_view.c - views of pools that run, lie, or are random bytes; sites. */
#include "config.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/tune.h"
#include "mem/heap.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"
#include "mem/site_table.h"
#include "mem/slot.h"
#include "mem/status.h"
#include "mem/view.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define SIZE (1u << 20) /* bytes of each test's pool */

static struct test_pool t;

static unsigned seed_of_test(void)
{
	const char *text = getenv("KMEM_TEST_SEED");
	unsigned seed = text != NULL ? (unsigned)strtoul(text, NULL, 0)
				     : (unsigned)getpid();

	printf("# seed %u (KMEM_TEST_SEED)\n", seed);
	return seed;
}

/* Everything a view can be asked; ends whatever the bytes are. */
static void look(const void *map, size_t size)
{
	struct view_walk walk = { .with_free = true };
	char line[STATUS_LINE_SIZE];
	struct km_mem_info info;
	struct view_block block;
	struct pool_slot slot;
	struct site_sums sums;
	struct view *view;
	uint64_t n = 0;

	if (view_open_map(map, size, &view) != 0)
		return;
	view_info(view, &info);
	ck_assert_int_eq(site_sums_init(&sums, view), 0);
	while (view_next(view, &walk, &block) == 1) {
		status_block(view, n++, &block, line, sizeof(line));
		site_sums_add(&sums, &block);
		view_slot(view, block.owner, &slot);
		must(n <= size / 16);
	}
	site_sums_sort(&sums, SITES_BY_SIZE);
	site_sums_fini(&sums);
	view_close(&view);
}

START_TEST(bytes_that_are_no_pool_are_refused_with_a_reason)
{
	static char junk[8192];
	struct view *view;

	test_log_catch();
	ck_assert_int_eq(
	    view_open_map(junk, sizeof(junk), &view), -KM_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(test_log_text(), "magic"));
	ck_assert_int_lt(view_open_map(junk, 10, &view), 0);
}
END_TEST

START_TEST(a_pool_of_another_layout_names_both)
{
	struct view *view;

	test_pool_open(&t, KM_PKG, "qm", SIZE);
	test_log_catch();
	t.pool->layout_hash ^= 1;
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), -KM_EABI);
	ck_assert_ptr_nonnull(strstr(test_log_text(), "this program reads"));
	test_pool_close(&t);
}
END_TEST

START_TEST(random_damage_gives_findings_never_a_crash_or_a_hang)
{
	unsigned seed = seed_of_test();
	unsigned char *copy = malloc(SIZE);
	size_t off;

	test_pool_open(&t, KM_PKG, "qm", SIZE);
	for (int i = 0; i < 200; i++)
		pkg_malloc((size_t)i * 3);
	for (int round = 0; round < 400; round++) {
		memcpy(copy, t.pool, SIZE);
		/* Header and tables in half of the rounds, blocks in others. */
		for (int i = 0; i < 1 + round % 20; i++) {
			off = (unsigned)rand_r(&seed) %
			      (round % 2 == 0 ? 512 : SIZE);
			copy[off] = (unsigned char)rand_r(&seed);
		}
		look(copy, SIZE);
	}
	for (size_t i = sizeof(uint64_t) * 2; i < SIZE; i++)
		copy[i] = (unsigned char)rand_r(&seed);
	look(copy, SIZE);
	free(copy);
	test_pool_close(&t);
}
END_TEST

START_TEST(a_loop_of_fragments_is_damage_not_a_hang)
{
	struct view_walk walk = { 0 };
	struct view_block block;
	struct view *view;
	char *p;
	int rc;

	test_pool_open(&t, KM_PKG, "qm", SIZE);
	p = pkg_malloc(100);
	pkg_malloc(100);
	/* Size of the first fragment: leads to itself. */
	*(size_t *)(void *)(p - 80) = (size_t)-112;
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	while ((rc = view_next(view, &walk, &block)) == 1)
		;
	ck_assert_int_eq(rc, -KM_ECORRUPT);
	view_close(&view);
	test_pool_close(&t);
}
END_TEST

START_TEST(a_walk_without_patience_pauses_and_reports_each_block_once)
{
	struct view_walk walk = { .patience = 1 };
	struct view_block block;
	struct view *view;
	void *p[100];
	int pauses = 0, seen = 0, rc;

	test_pool_open(&t, KM_PKG, "qm", SIZE);
	for (int i = 0; i < 100; i++)
		p[i] = pkg_malloc(32);
	for (int i = 1; i < 100; i += 2)
		pkg_free(p[i]);
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	while ((rc = view_next(view, &walk, &block)) != 0) {
		if (rc == 1)
			ck_assert_uint_eq(block.addr, (uintptr_t)p[2 * seen++]);
		else
			ck_assert_int_eq(rc, -KM_EBUSY);
		pauses += rc != 1;
	}
	ck_assert_int_eq(seen, 50);
	ck_assert_int_ge(pauses, 49);
	view_close(&view);
	test_pool_close(&t);
}
END_TEST

/* A head in the middle is written over, and all up to one near the end. */
START_TEST(a_walk_goes_on_behind_damage_in_small_steps_as_well)
{
	struct view_walk walk = { .patience = 2 };
	struct view_block block;
	int damages = 0, pauses = 0, seen = 0, rc;
	struct view *view;
	char *p[1000];

	test_pool_open(&t, KM_PKG, "qm", SIZE);
	for (int i = 0; i < 1000; i++)
		p[i] = pkg_malloc(500);
	memset(p[100] - 16, 'x', (size_t)(p[900] - p[100]));
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	while ((rc = view_next(view, &walk, &block)) != 0) {
		seen += rc == 1;
		if (rc != -KM_ECORRUPT)
			continue;
		damages++;
		while ((rc = view_resync(view, &walk)) == -KM_EBUSY)
			pauses++;
		ck_assert_int_eq(rc, 1);
	}
	ck_assert_int_eq(damages, 1);
	ck_assert_int_eq(seen, 100 + 99);
	ck_assert_int_gt(pauses, 3);
	view_close(&view);
	test_pool_close(&t);
}
END_TEST

/* The child's blocks come and go; ours must be reported exactly once. */
static void churn(void)
{
	void *p[50] = { 0 };
	unsigned seed = 1;

	for (;;) {
		unsigned i = (unsigned)rand_r(&seed) % 50;

		shm_free(p[i]);
		p[i] = shm_malloc((unsigned)rand_r(&seed) % 500);
	}
}

#define N_OURS 500

START_TEST(a_walk_beside_an_allocating_process_reports_each_block_once)
{
	static uintptr_t ours[N_OURS];
	struct view_block block;
	struct view *view;
	void *gap;
	pid_t pid;

	test_pool_open(&t, KM_SHM, "qm", SIZE);
	for (int i = 0; i < N_OURS; i++) {
		gap = shm_malloc(200);
		ours[i] = (uintptr_t)shm_malloc(32);
		shm_free(gap);
	}
	pid = fork();
	if (pid == 0)
		churn();
	for (int round = 0; round < 200; round++) {
		struct view_walk walk = { 0 };
		uintptr_t last = 0;
		int seen = 0, rc;

		ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
		while ((rc = view_next(view, &walk, &block)) == 1) {
			must(block.addr > last);
			must(block.size <= block.room);
			last = block.addr;
			if (seen < N_OURS && block.addr == ours[seen])
				seen++;
		}
		ck_assert_int_eq(rc, 0);
		ck_assert_int_eq(seen, N_OURS);
		view_close(&view);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	test_pool_close(&t);
}
END_TEST

START_TEST(accounts_hold_at_every_look_while_others_allocate)
{
	struct km_mem_info info;
	struct view *view;
	pid_t pid;

	test_pool_open(&t, KM_SHM, "qm", SIZE);
	pid = fork();
	if (pid == 0)
		churn();
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	for (int i = 0; i < 200000; i++) {
		/* view_info() itself refuses sums that contradict. */
		must(view_info(view, &info) == 0);
		must(info.total == info.free + info.real_used);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	view_close(&view);
	test_pool_close(&t);
}
END_TEST

START_TEST(sites_are_interned_once_and_kept_apart)
{
	struct km_site a = { "a.c", "f", "m", 1, { 0, 0 } };
	struct km_site same = { "a.c", "f", "m", 1, { 0, 0 } };
	struct km_site line = { "a.c", "f", "m", 2, { 0, 0 } };
	struct km_site module = { "a.c", "f", "n", 1, { 0, 0 } };
	struct km_site none = { NULL, NULL, NULL, 0, { 0, 0 } };
	uint32_t id;

	test_pool_open(&t, KM_PKG, "qm", SIZE);
	id = site_intern(t.pool, &a);
	ck_assert_uint_ne(id, SITE_UNKNOWN);
	ck_assert_uint_eq(site_intern(t.pool, &a), id);
	ck_assert_uint_eq(site_intern(t.pool, &same), id);
	ck_assert_uint_ne(site_intern(t.pool, &line), id);
	ck_assert_uint_ne(site_intern(t.pool, &module), id);
	ck_assert_uint_ne(site_intern(t.pool, &none), SITE_UNKNOWN);
	test_pool_close(&t);
	/* In another pool, the number is asked for anew. */
	test_pool_open(&t, KM_PKG, "qm", SIZE);
	site_intern(t.pool, &line);
	id = site_intern(t.pool, &a);
	ck_assert_str_eq(
	    site_row_text(t.pool, site_row_at(t.pool, id)->file), "a.c");
	test_pool_close(&t);
}
END_TEST

START_TEST(a_full_site_table_gives_the_unknown_site_and_allocation_goes_on)
{
	struct km_site sites[2000];
	char names[2000][16];
	int unknown = 0;

	test_pool_open(&t, KM_PKG, "qm", SIZE);
	for (int i = 0; i < 2000; i++) {
		snprintf(names[i], sizeof(names[i]), "f%d.c", i);
		sites[i] = (struct km_site){ names[i], "f", "m", 1, { 0, 0 } };
		unknown += site_intern(t.pool, &sites[i]) == SITE_UNKNOWN;
		ck_assert_ptr_nonnull(km_pkg_malloc(1, &sites[i]));
	}
	ck_assert_int_gt(unknown, 0);
	look(t.pool, t.size);
	test_pool_close(&t);
}
END_TEST

START_TEST(a_slot_is_not_reused_while_a_live_block_names_it)
{
	uint32_t slot;
	void *p;

	test_pool_open(&t, KM_SHM, "qm", SIZE);
	for (uint32_t i = 0; i < t.pool->n_slots; i++) {
		ck_assert_int_eq(slot_claim(t.pool, &slot), 0);
		ck_assert_uint_eq(slot, i);
		slot_set(t.pool, slot, getpid(), 1, "test");
	}
	ck_assert_int_eq(slot_claim(t.pool, &slot), -KM_EFULL);
	pool_use(KM_SHM, t.pool, 1);
	p = shm_malloc(10);
	slot_dead(t.pool, 1);
	ck_assert_int_eq(slot_claim(t.pool, &slot), -KM_EFULL);
	shm_free(p);
	ck_assert_int_eq(slot_claim(t.pool, &slot), 0);
	ck_assert_uint_eq(slot, 1);
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view");
	TCase *tcase = tcase_create("view");

	tcase_add_test(tcase, bytes_that_are_no_pool_are_refused_with_a_reason);
	tcase_add_test(tcase, a_pool_of_another_layout_names_both);
	tcase_add_test(
	    tcase, random_damage_gives_findings_never_a_crash_or_a_hang);
	tcase_add_test(tcase, a_loop_of_fragments_is_damage_not_a_hang);
	tcase_add_test(
	    tcase, a_walk_without_patience_pauses_and_reports_each_block_once);
	tcase_add_test(
	    tcase, a_walk_goes_on_behind_damage_in_small_steps_as_well);
	tcase_add_test(
	    tcase, a_walk_beside_an_allocating_process_reports_each_block_once);
	tcase_add_test(
	    tcase, accounts_hold_at_every_look_while_others_allocate);
	tcase_add_test(tcase, sites_are_interned_once_and_kept_apart);
	tcase_add_test(tcase,
	    a_full_site_table_gives_the_unknown_site_and_allocation_goes_on);
	tcase_add_test(tcase, a_slot_is_not_reused_while_a_live_block_names_it);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
