/* SPDX-License-Identifier: ISC */
/* check_slab_guard.c - guards behind the blocks of a slab pool. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem/shm_mem.h"
#include "mem/slab_guard.h"
#include "mem/view.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define SIZE (8u << 20) /* bytes of each test's pool */

static struct test_pool t;

/* With guards, or as it usually is. */
static void open_pool(bool guard)
{
	test_guard = guard;
	test_pool_open(&t, KM_SHM, "slab", SIZE);
	test_log_catch();
}

static void setup(void)
{
	open_pool(true);
}

static void teardown(void)
{
	test_pool_is_valid(&t);
	test_pool_close(&t);
	test_guard = false;
}

/* Of every kind: a class, the last byte of one, a run, part of a guard. */
static const size_t sizes[] = { 1, 15, 16, 24, 100, 248, 4000, 32760, 32761,
	40000, 131068 };
#define N_SIZES ((int)(sizeof(sizes) / sizeof(sizes[0])))

/* How many blocks mem.check would find; the last one in *finding. */
static int findings(struct misuse *finding)
{
	struct view_walk walk = { 0 };
	struct view_block block;
	struct view *view;
	int found = 0, rc;

	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	while ((rc = view_next(view, &walk, &block)) == 1)
		found += view_inspect(view, &block, finding);
	ck_assert_int_eq(rc, 0);
	view_close(&view);
	return found;
}

static void is_reported(const char *call, const void *p)
{
	char text[64];

	snprintf(text, sizeof(text), "shm_%s(%p)", call, p);
	ck_assert_ptr_nonnull(strstr(test_log_text(), text));
	ck_assert_ptr_nonnull(strstr(test_log_text(), "tail of block"));
}

START_TEST(all_that_was_asked_for_may_be_written)
{
	char *p = shm_malloc(sizes[_i]);
	struct misuse finding;

	memset(p, 'x', sizes[_i]);
	ck_assert_int_eq(findings(&finding), 0);
	shm_free(p);
	ck_assert_str_eq(test_log_text(), "");
}
END_TEST

START_TEST(one_byte_more_is_found_at_free_and_the_block_stays)
{
	char *p = shm_malloc(sizes[_i]), good = p[sizes[_i]];

	p[sizes[_i]] = 'x';
	shm_free(p);
	is_reported("free", p);
	p[sizes[_i]] = good;
	test_log_clear();
	shm_free(p);
	ck_assert_str_eq(test_log_text(), "");
}
END_TEST

START_TEST(realloc_finds_it_and_leaves_the_block)
{
	char *p = shm_malloc(sizes[_i]), good = p[sizes[_i]];

	p[sizes[_i]] = 'x';
	ck_assert_ptr_null(shm_realloc(p, sizes[_i] + 1));
	ck_assert_int_eq(errno, EINVAL);
	is_reported("realloc", p);
	p[sizes[_i]] = good;
	p = shm_realloc(p, sizes[_i] + 1);
	ck_assert_ptr_nonnull(p);
	p[sizes[_i]] = 'x';
	shm_free(p);
}
END_TEST

START_TEST(who_looks_from_outside_finds_it)
{
	char *before = shm_malloc(sizes[_i]), *p = shm_malloc(sizes[_i]);
	struct misuse finding;
	char good = p[sizes[_i]];

	p[sizes[_i]] = 'x';
	ck_assert_int_eq(findings(&finding), 1);
	ck_assert_int_eq(finding.kind, MISUSE_TAIL);
	ck_assert_ptr_eq(finding.block, p);
	ck_assert_uint_eq(finding.size, sizes[_i]);
	ck_assert_int_eq(finding.found_at, (int64_t)sizes[_i]);
	p[sizes[_i]] = good;
	ck_assert_int_eq(findings(&finding), 0);
	shm_free(p);
	shm_free(before);
}
END_TEST

START_TEST(aligned_blocks_have_guards)
{
	char *p = shm_memalign(256, sizes[_i]), good = p[sizes[_i]];

	ck_assert_uint_eq((uintptr_t)p % 256, 0);
	p[sizes[_i]] = 'x';
	shm_free(p);
	is_reported("free", p);
	p[sizes[_i]] = good;
	shm_free(p);
}
END_TEST

START_TEST(a_block_of_whole_pages_has_none)
{
	char *p = shm_malloc(16 * SLAB_PAGE);
	struct misuse finding;

	memset(p, 'x', 16 * SLAB_PAGE);
	ck_assert_int_eq(findings(&finding), 0);
	shm_free(p);
	ck_assert_str_eq(test_log_text(), "");
}
END_TEST

START_TEST(sizes_and_sums_are_what_was_asked_for)
{
	struct km_mem_info before, info;
	void *p = shm_malloc(100);

	shm_free(p);
	shm_info(&before);
	p = shm_malloc(16);
	shm_info(&info);
	ck_assert_uint_eq(info.used, before.used + 16);
	shm_free(p);
}
END_TEST

START_TEST(a_double_free_is_still_one)
{
	void *p = shm_malloc(100);

	shm_free(p);
	shm_free(p);
	ck_assert_ptr_nonnull(strstr(test_log_text(), "block is free already"));
}
END_TEST

START_TEST(without_mem_guard_there_are_none)
{
	struct misuse finding;
	char *p;

	test_pool_close(&t);
	open_pool(false);
	p = shm_malloc(100);
	memset(p, 'x', 112);
	ck_assert_int_eq(findings(&finding), 0);
	shm_free(p);
	ck_assert_str_eq(test_log_text(), "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("slab_guard");
	TCase *tc = tcase_create("guards");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, all_that_was_asked_for_may_be_written, 0, N_SIZES);
	tcase_add_loop_test(
	    tc, one_byte_more_is_found_at_free_and_the_block_stays, 0, N_SIZES);
	tcase_add_loop_test(
	    tc, realloc_finds_it_and_leaves_the_block, 0, N_SIZES);
	tcase_add_loop_test(tc, who_looks_from_outside_finds_it, 0, N_SIZES);
	tcase_add_loop_test(tc, aligned_blocks_have_guards, 0, N_SIZES);
	tcase_add_test(tc, a_block_of_whole_pages_has_none);
	tcase_add_test(tc, sizes_and_sums_are_what_was_asked_for);
	tcase_add_test(tc, a_double_free_is_still_one);
	tcase_add_test(tc, without_mem_guard_there_are_none);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
