/* SPDX-License-Identifier: ISC */
/* check_dump_ranks.c - the ranks of a page's blocks among all of a pool. */
#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "daemon/methods/dump_ranks.h"

static struct dump_ranks ranks;

/* The page is every step-th of the live blocks 10, 20 ... 10 n, in a mix. */
static void rank_page(size_t n, size_t step)
{
	ranks = (struct dump_ranks){ 0 };
	for (size_t i = n / step; i > 0; i--)
		dump_ranks_add(&ranks, 10 * i * step);
	dump_ranks_sort(&ranks);
	for (size_t i = 1; i <= n; i++)
		dump_ranks_count(&ranks, 10 * ((i * 7919) % n + 1));
	dump_ranks_sum(&ranks);
}

START_TEST(a_rank_is_one_more_than_the_number_of_older_blocks)
{
	static const size_t steps[] = { 1, 3, 10, 1000 };
	size_t n = 1000;

	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		rank_page(n, steps[s]);
		for (size_t i = steps[s]; i <= n; i += steps[s])
			ck_assert_uint_eq(dump_ranks_of(&ranks, 10 * i), i);
	}
}
END_TEST

START_TEST(a_block_that_is_gone_when_all_are_counted_has_a_rank)
{
	ranks = (struct dump_ranks){ 0 };
	dump_ranks_add(&ranks, 20);
	dump_ranks_sort(&ranks);
	dump_ranks_count(&ranks, 10);
	dump_ranks_count(&ranks, 30);
	dump_ranks_sum(&ranks);
	ck_assert_uint_eq(dump_ranks_of(&ranks, 20), 2);
}
END_TEST

START_TEST(an_empty_page_counts_nothing)
{
	ranks = (struct dump_ranks){ 0 };
	dump_ranks_sort(&ranks);
	dump_ranks_count(&ranks, 10);
	dump_ranks_sum(&ranks);
	ck_assert_uint_eq(dump_ranks_of(&ranks, 10), 0);
}
END_TEST

START_TEST(more_than_a_page_is_not_taken)
{
	ranks = (struct dump_ranks){ 0 };
	for (size_t i = 1; i <= DUMP_RANKS_MAX + 5; i++)
		dump_ranks_add(&ranks, i);
	ck_assert_uint_eq(ranks.n, DUMP_RANKS_MAX);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dump_ranks");
	TCase *tc = tcase_create("ranks");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, a_rank_is_one_more_than_the_number_of_older_blocks);
	tcase_add_test(
	    tc, a_block_that_is_gone_when_all_are_counted_has_a_rank);
	tcase_add_test(tc, an_empty_page_counts_nothing);
	tcase_add_test(tc, more_than_a_page_is_not_taken);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
