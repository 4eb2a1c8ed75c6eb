/* SPDX-License-Identifier: ISC */
/* check_proc.c - the process table. */
#include "config.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/proc.h"
#include "tests/unit/unit.h"

static void setup(void)
{
	ck_assert_int_eq(proc_init(3), 0);
}

START_TEST(row_0_is_the_supervisor_and_row_n_the_worker_of_rank_n)
{
	ck_assert_uint_eq(proc_count(), 4);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(proc_at(i)->index, i);
		ck_assert_int_eq(proc_at(i)->rank, (int)i);
		ck_assert_int_eq(proc_at(i)->state, PROC_NONE);
	}
	ck_assert_ptr_null(proc_at(4));
}
END_TEST

START_TEST(a_row_is_found_by_pid_alive_or_dead)
{
	proc_set_launched(proc_at(2), 4711, "worker child=1");
	ck_assert_ptr_eq(proc_by_pid(4711), proc_at(2));
	proc_at(2)->state = PROC_DEAD;
	ck_assert_ptr_eq(proc_by_pid(4711), proc_at(2));
}
END_TEST

START_TEST(rows_never_launched_have_no_pid_to_be_found_by)
{
	ck_assert_ptr_null(proc_by_pid(0));
	ck_assert_ptr_null(proc_by_pid(-1));
	ck_assert_ptr_null(proc_by_pid(4711));
}
END_TEST

START_TEST(only_a_replacement_counts_as_a_restart)
{
	proc_set_launched(proc_at(1), 100, "first");
	ck_assert_uint_eq(proc_at(1)->restarts, 0);
	proc_at(1)->state = PROC_DEAD;
	proc_set_launched(proc_at(1), 101, "second");
	ck_assert_uint_eq(proc_at(1)->restarts, 1);
	ck_assert_int_eq(proc_at(1)->state, PROC_STARTING);
	ck_assert_int_eq(proc_at(1)->pid, 101);
}
END_TEST

START_TEST(a_process_is_alive_from_launch_to_death)
{
	static const bool alive[PROC_STATE__COUNT] = {
		[PROC_STARTING] = true,
		[PROC_READY] = true,
		[PROC_STOPPING] = true,
	};

	for (int state = 0; state < PROC_STATE__COUNT; state++) {
		proc_at(1)->state = (enum proc_state)state;
		ck_assert_msg(proc_is_alive(proc_at(1)) == alive[state],
		    "state %s", proc_state_names[state]);
	}
}
END_TEST

START_TEST(a_long_description_is_cut)
{
	char text[2 * PROC_DESC_SIZE];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	proc_set_desc(proc_at(1), text);
	ck_assert_uint_eq(strlen(proc_at(1)->desc), PROC_DESC_SIZE - 1);
}
END_TEST

START_TEST(an_exit_status_is_told_in_words)
{
	char buf[80];

	/* As wait(2) gives them on Linux: status << 8, signal. */
	ck_assert_str_eq(
	    proc_exit_text(3 << 8, buf, sizeof(buf)), "exited with status 3");
	ck_assert_str_eq(proc_exit_text(SIGKILL, buf, sizeof(buf)),
	    "killed by signal 9 (Killed)");
	ck_assert_ptr_nonnull(strstr(
	    proc_exit_text(SIGSEGV | 0x80, buf, sizeof(buf)), "core dumped"));
}
END_TEST

START_TEST(without_a_table_there_are_no_rows)
{
	proc_fini();
	ck_assert_uint_eq(proc_count(), 0);
	ck_assert_ptr_null(proc_at(0));
	ck_assert_ptr_null(proc_by_pid(1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proc");
	TCase *tc = tcase_create("proc");

	tcase_add_checked_fixture(tc, setup, proc_fini);
	tcase_add_test(
	    tc, row_0_is_the_supervisor_and_row_n_the_worker_of_rank_n);
	tcase_add_test(tc, a_row_is_found_by_pid_alive_or_dead);
	tcase_add_test(tc, rows_never_launched_have_no_pid_to_be_found_by);
	tcase_add_test(tc, only_a_replacement_counts_as_a_restart);
	tcase_add_test(tc, a_process_is_alive_from_launch_to_death);
	tcase_add_test(tc, a_long_description_is_cut);
	tcase_add_test(tc, an_exit_status_is_told_in_words);
	tcase_add_test(tc, without_a_table_there_are_no_rows);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
