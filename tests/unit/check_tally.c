/* SPDX-License-Identifier: ISC */
/* check_tally.c - what a tally notices, and its text. */
#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "base/err.h"
#include "daemon/methods/tally.h"
#include "mem/view.h"
#include "tests/unit/unit.h"

static const struct view_block blocks[] = {
	{ .addr = 0x7e8000001000, .size = 8, .seq = 1, .site = 3 },
	{ .addr = 0x7e8000002000, .size = 8, .seq = 2, .site = 3 },
	{ .addr = 0x7e8000003000, .size = 100, .seq = 7, .owner = 1 },
};
#define N (sizeof(blocks) / sizeof(blocks[0]))

static struct tally tally_of_all(void)
{
	struct tally tally = { 0 };

	for (size_t i = 0; i < N; i++)
		tally_add(&tally, &blocks[i]);
	return tally;
}

START_TEST(the_same_blocks_in_another_order_are_equal)
{
	struct tally forth = tally_of_all(), back = { 0 };

	for (size_t i = N; i > 0; i--)
		tally_add(&back, &blocks[i - 1]);
	ck_assert(tally_equals(&forth, &back));
	ck_assert_uint_eq(forth.blocks, N);
	ck_assert_uint_eq(forth.size, 116);
}
END_TEST

/* A block that is another in one thing only. */
static void is_noticed(struct view_block other)
{
	struct tally all = tally_of_all(), changed = { 0 };

	tally_add(&changed, &blocks[0]);
	tally_add(&changed, &blocks[1]);
	tally_add(&changed, &other);
	ck_assert(!tally_equals(&all, &changed));
}

START_TEST(a_block_that_is_another_one_is_noticed)
{
	struct view_block other = blocks[2];

	other.addr += 16;
	is_noticed(other);
	other = blocks[2];
	other.seq++;
	is_noticed(other);
	other = blocks[2];
	other.site = 4;
	is_noticed(other);
	other = blocks[2];
	other.owner = 2;
	is_noticed(other);
}
END_TEST

START_TEST(two_blocks_that_change_places_are_noticed)
{
	struct tally all = tally_of_all(), swapped = { 0 };
	struct view_block a = blocks[0], b = blocks[1];

	a.seq = blocks[1].seq;
	b.seq = blocks[0].seq;
	tally_add(&swapped, &a);
	tally_add(&swapped, &b);
	tally_add(&swapped, &blocks[2]);
	ck_assert(!tally_equals(&all, &swapped));
}
END_TEST

START_TEST(a_text_is_what_it_was_made_of)
{
	struct tally all = tally_of_all(), again, none = { 0 };
	char text[TALLY_TEXT_SIZE];

	ck_assert_int_eq(
	    tally_parse(&again, tally_text(&all, text, sizeof(text))), 0);
	ck_assert(tally_equals(&all, &again));
	ck_assert_int_eq(
	    tally_parse(&again, tally_text(&none, text, sizeof(text))), 0);
	ck_assert(tally_equals(&none, &again));
}
END_TEST

START_TEST(other_texts_are_refused)
{
	static const char *const texts[] = { "", "x", "1", "1.2", "1.2.",
		"1.2.x", "1.2.3.4", " 1.2.3", "1.2.3 ", "-1.2.3", "1.2.0x3",
		"1.2.11112222333344445" };
	struct tally tally;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(tally_parse(&tally, texts[i]) == -KM_EINVAL,
		    "\"%s\" is taken", texts[i]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tally");
	TCase *tc = tcase_create("tally");

	tcase_add_test(tc, the_same_blocks_in_another_order_are_equal);
	tcase_add_test(tc, a_block_that_is_another_one_is_noticed);
	tcase_add_test(tc, two_blocks_that_change_places_are_noticed);
	tcase_add_test(tc, a_text_is_what_it_was_made_of);
	tcase_add_test(tc, other_texts_are_refused);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
