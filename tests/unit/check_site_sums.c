/* SPDX-License-Identifier: ISC */
/* check_site_sums.c - sums per site: how much, how many, how old. */
#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "base/err.h"
#include "mem/status.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

static struct test_pool t;
static struct view *view;
static struct site_sums sums;

static void open_sums(void)
{
	test_pool_open(&t, KM_PKG, "qm", 1u << 20);
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	ck_assert_int_eq(site_sums_init(&sums, view), 0);
}

static void close_sums(void)
{
	site_sums_fini(&sums);
	view_close(&view);
	test_pool_close(&t);
}

static void add(uint32_t site, size_t size, uint32_t age)
{
	struct view_block block = { .site = site, .size = size, .age = age };

	site_sums_add(&sums, &block);
}

START_TEST(sites_come_by_bytes_or_by_blocks)
{
	add(1, 10, 0);
	add(1, 10, 0);
	add(1, 10, 0);
	add(2, 100, 0);
	add(3, 15, 0);
	add(3, 15, 0);
	site_sums_sort(&sums, _i == 0 ? SITES_BY_SIZE : SITES_BY_COUNT);
	ck_assert_uint_eq(sums.n, 3);
	ck_assert_uint_eq(sums.sum[0].site, _i == 0 ? 2 : 1);
	/* As many bytes: the one of more blocks. */
	ck_assert_uint_eq(sums.sum[1].site, _i == 0 ? 1 : 3);
	ck_assert_uint_eq(sums.sum[2].site, _i == 0 ? 3 : 2);
	ck_assert_uint_eq(sums.sum[_i == 0 ? 1 : 0].count, 3);
	ck_assert_uint_eq(sums.sum[_i == 0 ? 1 : 0].size, 30);
}
END_TEST

START_TEST(each_block_is_in_one_class_of_age)
{
	static const struct {
		uint32_t age;
		enum age_class class;
	} row[] = {
		{ 0, AGE_1M },
		{ 59, AGE_1M },
		{ 60, AGE_10M },
		{ 599, AGE_10M },
		{ 600, AGE_1H },
		{ 3599, AGE_1H },
		{ 3600, AGE_1D },
		{ 86399, AGE_1D },
		{ 86400, AGE_OLDER },
		{ UINT32_MAX, AGE_OLDER },
	};
	uint64_t of_age[AGE_CLASS__COUNT] = { 0 };

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		add(7, 1, row[i].age);
		of_age[row[i].class]++;
	}
	site_sums_sort(&sums, SITES_BY_SIZE);
	for (int i = 0; i < AGE_CLASS__COUNT; i++)
		ck_assert_uint_eq(sums.sum[0].of_age[i], of_age[i]);
	ck_assert_uint_eq(sums.sum[0].newest, 0);
	ck_assert_uint_eq(sums.sum[0].oldest, UINT32_MAX);
}
END_TEST

START_TEST(the_newest_need_not_come_first)
{
	add(1, 1, 50);
	add(1, 1, 20);
	add(1, 1, 30);
	site_sums_sort(&sums, SITES_BY_SIZE);
	ck_assert_uint_eq(sums.sum[0].newest, 20);
	ck_assert_uint_eq(sums.sum[0].oldest, 50);
}
END_TEST

START_TEST(a_site_beyond_the_table_counts_as_unknown)
{
	add(UINT32_MAX, 5, 0);
	add(0, 6, 0);
	site_sums_sort(&sums, SITES_BY_SIZE);
	ck_assert_uint_eq(sums.n, 1);
	ck_assert_uint_eq(sums.sum[0].site, 0);
	ck_assert_uint_eq(sums.sum[0].size, 11);
}
END_TEST

START_TEST(of_no_blocks_there_are_no_sums)
{
	site_sums_sort(&sums, SITES_BY_COUNT);
	ck_assert_uint_eq(sums.n, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("site_sums");
	TCase *tc = tcase_create("site_sums");

	tcase_add_checked_fixture(tc, open_sums, close_sums);
	tcase_add_loop_test(tc, sites_come_by_bytes_or_by_blocks, 0, 2);
	tcase_add_test(tc, each_block_is_in_one_class_of_age);
	tcase_add_test(tc, the_newest_need_not_come_first);
	tcase_add_test(tc, a_site_beyond_the_table_counts_as_unknown);
	tcase_add_test(tc, of_no_blocks_there_are_no_sums);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
