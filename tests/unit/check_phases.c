/* SPDX-License-Identifier: ISC */
/* check_phases.c - starting in order, stopping in reverse. */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "daemon/phases.h"
#include "tests/unit/unit.h"

static char trace[64]; /* what ran, a letter each */
static int c_answer;

static void add(char letter)
{
	size_t n = strlen(trace);

	ck_assert_uint_lt(n + 1, sizeof(trace));
	trace[n] = letter;
}

static int start_a(void)
{
	add('A');
	return 0;
}

static void stop_a(void)
{
	add('a');
}

static void leave_a(void)
{
	add('1');
}

static void stop_b(void)
{
	add('b');
}

static int start_c(void)
{
	add('C');
	return c_answer;
}

static void stop_c(void)
{
	add('c');
}

static void leave_c(void)
{
	add('3');
}

static const struct phase table[] = {
	{ "first", start_a, stop_a, leave_a },
	{ "second has no start", NULL, stop_b },
	{ "third", start_c, stop_c, leave_c },
	{ NULL },
};

static struct phases phases;

static void setup(void)
{
	memset(trace, 0, sizeof(trace));
	c_answer = 0;
	phases = (struct phases){ .table = table };
}

START_TEST(phases_start_in_order_and_stop_in_reverse)
{
	ck_assert_int_eq(phases_start(&phases), 0);
	ck_assert_str_eq(trace, "AC");
	phases_stop(&phases);
	ck_assert_str_eq(trace, "ACcba");
}
END_TEST

START_TEST(a_failing_start_stops_those_before_it_and_not_itself)
{
	c_answer = -KM_EBUSY;
	ck_assert_int_eq(phases_start(&phases), -KM_EBUSY);
	ck_assert_str_eq(trace, "ACba");
}
END_TEST

START_TEST(a_phase_that_says_done_ends_the_start_as_well)
{
	c_answer = PHASE_DONE;
	ck_assert_int_eq(phases_start(&phases), PHASE_DONE);
	ck_assert_str_eq(trace, "ACba");
}
END_TEST

START_TEST(after_a_failed_start_there_is_nothing_to_stop)
{
	c_answer = -KM_EBUSY;
	phases_start(&phases);
	phases_stop(&phases);
	ck_assert_str_eq(trace, "ACba");
}
END_TEST

START_TEST(a_child_leaves_in_reverse_and_stops_nothing)
{
	ck_assert_int_eq(phases_start(&phases), 0);
	phases_leave(&phases);
	phases_stop(&phases);
	ck_assert_str_eq(trace, "AC31");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("phases");
	TCase *tc = tcase_create("phases");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, phases_start_in_order_and_stop_in_reverse);
	tcase_add_test(
	    tc, a_failing_start_stops_those_before_it_and_not_itself);
	tcase_add_test(tc, a_phase_that_says_done_ends_the_start_as_well);
	tcase_add_test(tc, after_a_failed_start_there_is_nothing_to_stop);
	tcase_add_test(tc, a_child_leaves_in_reverse_and_stops_nothing);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
