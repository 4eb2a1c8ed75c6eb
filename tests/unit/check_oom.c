/* SPDX-License-Identifier: ISC */
/* check_oom.c - what is said when there is no room, and how often. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/tune.h"
#include "mem/heap.h"
#include "mem/mem.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define SIZE (4u << 20) /* bytes of each test's pool */

static struct test_pool t;

/* A loop test's number is manager * kinds + kind. */
#define N_LOOPS (test_n_managers * KM_POOL_KIND__COUNT)
#define KIND(i) ((enum km_pool_kind)((i) % KM_POOL_KIND__COUNT))

static void open_pool(int i, size_t size)
{
	test_pool_open(
	    &t, KIND(i), test_managers[i / KM_POOL_KIND__COUNT], size);
	km_tune->mem_summary = 12;
	km_tune->memlog = km_tune->debug + 1;
	test_log_catch();
}

static void *get(size_t size)
{
	return heap_malloc(t.pool->kind, size, KM_SITE());
}

static int count(const char *text)
{
	int n = 0;

	for (const char *p = test_log_text(); (p = strstr(p, text)); p++)
		n++;
	return n;
}

START_TEST(the_line_names_who_holds_most)
{
	open_pool(_i, SIZE);
	heap_malloc(KIND(_i), 1000, KM_SITE());
	for (int i = 0; i < 90; i++)
		get(100);
	errno = 0;
	ck_assert_ptr_null(heap_malloc(KIND(_i), SIZE, KM_SITE()));
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_int_eq(count("out of memory: 4194304 bytes asked at"), 1);
	ck_assert_int_eq(
	    count("check_oom.c: the_line_names_who_holds_most"), 1);
	ck_assert_int_eq(count("check_oom.c: get("), 1);
	ck_assert_int_eq(count(") holds most, 90 blocks of 9000 bytes in all, "
			       "90 % of what is used: a leak there if it "
			       "keeps growing, else raise "),
	    1);
	test_pool_close(&t);
}
END_TEST

START_TEST(of_an_empty_pool_it_says_that_it_is_too_small)
{
	open_pool(_i, SIZE);
	ck_assert_ptr_null(get(SIZE));
	ck_assert_int_eq(count("holds most"), 0);
	ck_assert_int_eq(count(": raise "), 1);
	test_pool_close(&t);
}
END_TEST

START_TEST(lines_are_limited_in_rate_and_the_rest_is_counted)
{
	struct timespec begin, end;

	open_pool(_i, SIZE);
	clock_gettime(CLOCK_MONOTONIC_COARSE, &begin);
	for (int i = 0; i < 1000; i++)
		ck_assert_ptr_null(get(SIZE));
	clock_gettime(CLOCK_MONOTONIC_COARSE, &end);
	ck_assert_int_ge(count("out of memory"), 1);
	ck_assert_int_le(
	    count("out of memory"), (int)(end.tv_sec - begin.tv_sec) + 1);
	/* The first; and the second, if the first was at a second's end. */
	ck_assert_int_ge(count(" 0 such lines left out before"), 1);
	ck_assert_int_le(count(" 0 such lines left out before"), 2);
	test_pool_close(&t);
}
END_TEST

START_TEST(the_status_follows_once_as_mem_summary_says)
{
	time_t begin = time(NULL);

	open_pool(_i, SIZE);
	km_tune->memlog = km_tune->debug;
	for (int i = 0; i < 50; i++)
		get(100);
	while (time(NULL) < begin + 3)
		must(get(SIZE) == NULL);
	ck_assert_int_ge(count("out of memory"), 2);
	ck_assert_int_eq(count("heap size= 4194304"), 1);
	ck_assert_int_eq(count("count=    50 size=      5000 bytes from"), 1);
	ck_assert_int_eq(count("address="), 0);
	test_pool_close(&t);
}
END_TEST

START_TEST(with_a_level_above_debug_there_is_no_status)
{
	open_pool(_i, SIZE);
	ck_assert_ptr_null(get(SIZE));
	ck_assert_int_eq(count("heap size="), 0);
	/* And it is not used up. */
	km_tune->memlog = km_tune->debug;
	t.pool->status_at = 0;
	test_pool_close(&t);
}
END_TEST

static unsigned n_lines, n_blocks;
static char last_line[1024];

static void tally(int level, const char *text)
{
	n_lines++;
	if (strstr(text, "address=") != NULL)
		n_blocks++;
	snprintf(last_line, sizeof(last_line), "%s", text);
}

START_TEST(blocks_are_written_up_to_a_limit_that_is_told)
{
	open_pool(_i, 8 * SIZE);
	km_tune->memlog = km_tune->debug;
	km_tune->mem_summary = KM_SUMMARY_PKG_STATUS | KM_SUMMARY_SHM_STATUS;
	for (int i = 0; i < 12345; i++)
		get(16);
	km_log_set_writer(tally);
	ck_assert_ptr_null(get(8 * SIZE));
	ck_assert_uint_eq(n_blocks, 10000);
	ck_assert_uint_eq(n_lines, 10000 + 3);
	ck_assert_ptr_nonnull(strstr(last_line, "2345 more are not written"));
	test_pool_close(&t);
}
END_TEST

/* A pool of many blocks, and a loop that goes on allocating. */
START_TEST(a_loop_of_failures_costs_little)
{
	struct timespec begin, end;
	const int n = test_scaled(1000000), blocks = test_scaled(500000);
	int failures = 0;
	double s;

	open_pool(_i, 64 * SIZE);
	for (int i = 0; i < blocks; i++)
		get(16);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < n; i++)
		failures += get(64 * SIZE) == NULL;
	clock_gettime(CLOCK_MONOTONIC, &end);
	ck_assert_int_eq(failures, n);
	s = (double)(end.tv_sec - begin.tv_sec) +
	    (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	printf("# %d failures in a pool of %d blocks: %.3f s\n", n, blocks, s);
	/* For what hangs; each would take ms if it looked at all blocks. */
	ck_assert(s < 120);
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oom");
	TCase *tcase = tcase_create("oom");

	tcase_add_loop_test(tcase, the_line_names_who_holds_most, 0, N_LOOPS);
	tcase_add_loop_test(
	    tcase, of_an_empty_pool_it_says_that_it_is_too_small, 0, N_LOOPS);
	tcase_add_loop_test(tcase,
	    lines_are_limited_in_rate_and_the_rest_is_counted, 0, N_LOOPS);
	tcase_add_loop_test(
	    tcase, the_status_follows_once_as_mem_summary_says, 0, N_LOOPS);
	tcase_add_loop_test(
	    tcase, with_a_level_above_debug_there_is_no_status, 0, N_LOOPS);
	tcase_add_loop_test(
	    tcase, blocks_are_written_up_to_a_limit_that_is_told, 0, N_LOOPS);
	tcase_add_loop_test(tcase, a_loop_of_failures_costs_little, 0, N_LOOPS);
	tcase_set_timeout(tcase, 300);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
