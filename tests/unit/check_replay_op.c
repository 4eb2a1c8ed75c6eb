/* SPDX-License-Identifier: ISC */
/* check_replay_op.c - the replay module: single operations on real pools. */
#include "config.h"

#include <check.h>
#include <string.h>

#include "mem/mem.h"
#include "tests/unit/replay_rig.h"
#include "tests/unit/unit.h"

/* Main's block is freed in the first loop; so is what was not freed. */
START_TEST(a_block_of_main_is_freed_in_the_first_loop_only)
{
	rig_small_trace("M shm 7 1 64\nK pkg 8 - 7\nK pkg 9 - 7\n"
			"M shm 8 2 32\nM pkg 8 1 5\nF shm 9 1 0\n");
	rig_start(2, rig.trace->n_ops, &rig_unlimited, 3);
	rig_play();
	ck_assert_uint_eq(rig_info(KM_SHM).used, 32);
	ck_assert_uint_eq(rig_info(KM_SHM).blocks, 1);
	ck_assert_uint_eq(rig_info(KM_PKG).used, 5);
	ck_assert_uint_eq(rig_total().dropped, 2);
	ck_assert_uint_eq(rig_total().lost, 0);
}
END_TEST

START_TEST(a_block_that_was_written_to_is_found_and_named)
{
	char *block;

	rig_small_trace("K pkg 8 - 7\nM shm 8 1 100\nF shm 8 1 0\n");
	rig_start(1, rig.trace->n_ops, &rig_unlimited, 1);
	ck_assert_int_eq(
	    runner_slice(&rig.runners[1], 1, 1, &rig.wait_ns), RUNNER_MORE);
	block = (char *)atomic_load(&rig.board->blocks[1].at);
	block[77] ^= 1;
	ck_assert_int_eq(rig_slice(1), RUNNER_FINISHED);
	ck_assert_uint_eq(rig_total().broken, 1);
	ck_assert_uint_eq(rig_total().patterns, 1);
	ck_assert_ptr_nonnull(strstr(test_log_text(),
	    "rank 1: shm block 1 of 100 bytes, used at tm: a.c: f:7, is "
	    "overwritten at offset 77 (operation 3)"));
}
END_TEST

START_TEST(a_realloc_keeps_the_content_and_checks_it)
{
	rig_small_trace("K pkg 8 - 7\nM shm 8 1 100\nM shm 8 2 10\n"
			"R shm 8 1 5000\nR shm 8 1 50\nF shm 8 1 0\n");
	rig_start(1, rig.trace->n_ops, &rig_unlimited, 1);
	rig_play();
	ck_assert_uint_eq(rig_total().patterns, 5);
	ck_assert_uint_eq(rig_total().broken, 0);
	ck_assert_uint_eq(rig_info(KM_SHM).used, 10);
}
END_TEST

START_TEST(a_realloc_to_nothing_is_a_free)
{
	rig_small_trace("K pkg 8 - 7\nM shm 8 1 100\nR shm 8 1 0\n"
			"F shm 8 1 0\n");
	rig_start(1, rig.trace->n_ops, &rig_unlimited, 1);
	rig_play();
	ck_assert_uint_eq(rig_info(KM_SHM).blocks, 0);
	ck_assert_uint_eq(rig_total().dropped, 1);
}
END_TEST

START_TEST(an_allocation_that_fails_is_counted_and_its_free_dropped)
{
	rig_small_trace("K pkg 8 - 7\nM shm 8 1 1000000000\nF shm 8 1 0\n"
			"M shm 8 2 10\nR shm 8 2 1000000000\n");
	rig_start(1, rig.trace->n_ops, &rig_unlimited, 1);
	rig_play();
	ck_assert_uint_eq(rig_total().failed, 2);
	ck_assert_uint_eq(rig_total().dropped, 1);
	ck_assert_uint_eq(rig_total().lost, 0);
	ck_assert_uint_eq(rig_info(KM_SHM).used, 10);
}
END_TEST

START_TEST(a_rank_waits_for_the_block_of_another_and_is_woken)
{
	rig_small_trace("K pkg 8 - 7\nK pkg 9 - 7\n"
			"M shm 8 1 100\nM shm 9 2 1\nF shm 9 1 0\n");
	rig_start(2, rig.trace->n_ops, &rig_unlimited, 1);
	ck_assert_int_eq(rig_slice(2), RUNNER_WAITS);
	ck_assert_int_eq(rig_slice(2), RUNNER_WAITS);
	ck_assert(!board_must_wake(rig.board, 2, 1));
	ck_assert_int_eq(rig_slice(1), RUNNER_FINISHED);
	ck_assert(board_must_wake(rig.board, 2, 1));
	ck_assert(!board_must_wake(rig.board, 1, 2));
	ck_assert_int_eq(rig_slice(2), RUNNER_FINISHED);
	ck_assert(!board_must_wake(rig.board, 2, 1));
	ck_assert_uint_eq(rig_info(KM_SHM).used, 1);
}
END_TEST

/* Its allocator went on without having stored it. */
START_TEST(a_block_that_does_not_come_is_lost_and_nobody_hangs)
{
	rig_small_trace("K pkg 8 - 7\nK pkg 9 - 7\nM shm 8 1 100\n"
			"R shm 9 1 50\nF shm 9 1 0\n");
	rig_start(2, rig.trace->n_ops, &rig_unlimited, 1);
	board_advance(rig.board, 1, board_at(0, 1));
	ck_assert_int_eq(rig_slice(2), RUNNER_FINISHED);
	ck_assert_uint_eq(rig_total().lost, 1);
	ck_assert_uint_eq(rig_total().dropped, 1);
}
END_TEST

/* Killed between the store of the block and that of its progress. */
START_TEST(a_successor_does_not_repeat_what_was_done)
{
	rig_small_trace("K pkg 8 - 7\nM shm 8 1 100\nF shm 8 1 0\n");
	rig_start(1, rig.trace->n_ops, &rig_unlimited, 1);
	player_play(rig.players[1], rig.plan->parts[1].ops[0]);
	player_play(rig.players[1], rig.plan->parts[1].ops[0]);
	ck_assert_uint_eq(rig_info(KM_SHM).blocks, 1);
	player_play(rig.players[1], rig.plan->parts[1].ops[1]);
	player_play(rig.players[1], rig.plan->parts[1].ops[1]);
	ck_assert_uint_eq(rig_info(KM_SHM).blocks, 0);
	ck_assert_uint_eq(rig_total().lost, 0);
}
END_TEST

START_TEST(in_recorded_order_nobody_overtakes)
{
	rig_small_trace("K pkg 8 - 7\nK pkg 9 - 7\nM pkg 8 1 1\n"
			"M shm 8 7 1\nM shm 9 9 1\nM pkg 9 2 1\n"
			"M pkg 8 3 1\n");
	rig_start(2, rig.trace->n_ops, &rig_recorded, 1);
	ck_assert_int_eq(rig_slice(2), RUNNER_WAITS);
	ck_assert_uint_eq(runner_played(rig.plan, rig.board, 2), 0);
	ck_assert_int_eq(rig_slice(1), RUNNER_WAITS);
	ck_assert_uint_eq(runner_played(rig.plan, rig.board, 1), 2);
	ck_assert(board_must_wake(rig.board, 2, 1));
	ck_assert_int_eq(rig_slice(2), RUNNER_FINISHED);
	ck_assert(board_must_wake(rig.board, 1, 2));
	ck_assert_int_eq(rig_slice(1), RUNNER_FINISHED);
}
END_TEST

START_TEST(a_paced_replay_plays_what_is_due)
{
	struct runner_speed speed = { .in_order = 1, .per_second = 10 };

	rig_small_trace("K pkg 8 - 7\nM pkg 8 1 1\nM pkg 8 2 1\nM pkg 8 3 1\n"
			"M pkg 8 4 1\n");
	rig_start(1, rig.trace->n_ops, &speed, 1);
	rig.now_ns = 5000000000;
	ck_assert_int_eq(rig_slice(1), RUNNER_PACED);
	ck_assert_uint_eq(runner_played(rig.plan, rig.board, 1), 1);
	ck_assert_uint_eq(rig.wait_ns, 100000000);
	rig.now_ns += 250000000;
	ck_assert_int_eq(rig_slice(1), RUNNER_PACED);
	ck_assert_uint_eq(runner_played(rig.plan, rig.board, 1), 3);
	ck_assert_uint_eq(rig.wait_ns, 50000000);
	rig.now_ns += rig.wait_ns;
	ck_assert_int_eq(rig_slice(1), RUNNER_FINISHED);
}
END_TEST

START_TEST(a_delay_moves_what_is_due_and_nothing_is_made_up_for)
{
	struct runner_speed speed = { .in_order = 1, .per_second = 10 };

	rig_small_trace("K pkg 8 - 7\nM pkg 8 1 1\nM pkg 8 2 1\nM pkg 8 3 1\n");
	rig_start(1, rig.trace->n_ops, &speed, 1);
	rig.now_ns = 5000000000;
	ck_assert_int_eq(rig_slice(1), RUNNER_PACED);
	rig.now_ns += 7000000000;
	runner_delay(&rig.runners[1], 7000000000);
	ck_assert_int_eq(rig_slice(1), RUNNER_PACED);
	ck_assert_uint_eq(runner_played(rig.plan, rig.board, 1), 1);
	ck_assert_uint_eq(rig.wait_ns, 100000000);
	rig.now_ns += rig.wait_ns;
	ck_assert_int_eq(rig_slice(1), RUNNER_PACED);
	ck_assert_uint_eq(runner_played(rig.plan, rig.board, 1), 2);
}
END_TEST

static void add_small_tests(TCase *tc)
{
	tcase_add_test(tc, a_block_of_main_is_freed_in_the_first_loop_only);
	tcase_add_test(tc, a_block_that_was_written_to_is_found_and_named);
	tcase_add_test(tc, a_realloc_keeps_the_content_and_checks_it);
	tcase_add_test(tc, a_realloc_to_nothing_is_a_free);
	tcase_add_test(
	    tc, an_allocation_that_fails_is_counted_and_its_free_dropped);
	tcase_add_test(tc, a_rank_waits_for_the_block_of_another_and_is_woken);
	tcase_add_test(tc, a_block_that_does_not_come_is_lost_and_nobody_hangs);
	tcase_add_test(tc, a_successor_does_not_repeat_what_was_done);
	tcase_add_test(tc, in_recorded_order_nobody_overtakes);
	tcase_add_test(tc, a_paced_replay_plays_what_is_due);
	tcase_add_test(
	    tc, a_delay_moves_what_is_due_and_nothing_is_made_up_for);
}

int main(void)
{
	Suite *suite = suite_create("replay op");
	TCase *tc = tcase_create("op");

	tcase_add_checked_fixture(tc, rig_setup, rig_teardown);
	tcase_set_timeout(tc, 120);
	add_small_tests(tc);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
