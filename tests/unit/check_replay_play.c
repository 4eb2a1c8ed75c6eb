/* SPDX-License-Identifier: ISC */
/* check_replay_play.c - the replay module: the real trace on real pools. */
#include "config.h"

#include <check.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem/mem.h"
#include "tests/unit/replay_rig.h"
#include "tests/unit/unit.h"

/* What the trace itself says is live at its end. */
static void is_the_end(void)
{
	struct board_counts counts = rig_total();

	ck_assert_uint_eq(counts.broken, 0);
	ck_assert_uint_eq(counts.lost, 0);
	ck_assert_uint_eq(counts.failed, 0);
	ck_assert_uint_eq(rig_info(KM_SHM).used, 306);
	ck_assert_uint_eq(rig_info(KM_SHM).blocks, 14);
	test_pool_is_valid(&rig.pools[KM_SHM]);
	test_pool_is_valid(&rig.pools[KM_PKG]);
}

static const uint32_t worker_counts[] = { 1, 2, 4, 7 };

START_TEST(the_real_trace_leaves_its_own_final_bytes)
{
	struct board_counts counts;

	rig_real_trace();
	rig_start(worker_counts[_i], rig.trace->n_ops, &rig_unlimited, 1);
	rig_play();
	is_the_end();
	counts = rig_total();
	ck_assert_uint_eq(rig_played(), 148269);
	ck_assert_uint_eq(counts.dropped, 0);
	/* each free once, each realloc before and after */
	ck_assert_uint_eq(counts.patterns, 5023 + 68999 + 2 * 2);
}
END_TEST

START_TEST(recorded_order_leaves_the_same)
{
	rig_real_trace();
	rig_start(4, rig.trace->n_ops, &rig_recorded, 1);
	rig_play();
	is_the_end();
	ck_assert_uint_eq(rig_played(), 148269);
}
END_TEST

/* Live bytes before operation `end`, from the trace alone. */
static size_t live_bytes(enum km_pool_kind heap, uint32_t end)
{
	size_t *sizes = calloc(rig.trace->max_id[heap] + 1, sizeof(*sizes));
	size_t sum = 0;

	ck_assert_ptr_nonnull(sizes);
	for (uint32_t i = 0; i < end; i++) {
		const struct trace_op *op = &rig.trace->ops[i];

		if (op->heap == heap && op->kind != TRACE_FORK)
			sizes[op->id] = op->size;
	}
	for (uint32_t i = 0; i <= rig.trace->max_id[heap]; i++)
		sum += sizes[i];
	free(sizes);
	return sum;
}

static const uint32_t ends[] = { 0, 300, 801, 5000, 18270, 77777, 147900 };

START_TEST(a_replay_that_stops_early_holds_what_is_live_there)
{
	rig_real_trace();
	rig_start(4, ends[_i], &rig_unlimited, 1);
	rig_play();
	ck_assert_uint_eq(rig_played(), ends[_i]);
	ck_assert_uint_eq(rig_info(KM_SHM).used, live_bytes(KM_SHM, ends[_i]));
	ck_assert_uint_eq(rig_info(KM_PKG).used, live_bytes(KM_PKG, ends[_i]));
}
END_TEST

START_TEST(many_loops_leave_what_one_leaves)
{
	size_t pkg_used;

	rig_real_trace();
	rig_start(4, rig.trace->n_ops, &rig_unlimited, 3);
	rig_play();
	is_the_end();
	ck_assert_uint_eq(rig_played(), 148269 + 2 * 146980);
	pkg_used = rig_info(KM_PKG).used;
	ck_assert_uint_eq(pkg_used, live_bytes(KM_PKG, rig.trace->n_ops));
}
END_TEST

START_TEST(loops_in_recorded_order_end_as_well)
{
	rig_real_trace();
	rig_start(2, 30000, &rig_recorded, 3);
	rig_play();
	ck_assert_uint_eq(rig_info(KM_SHM).used, live_bytes(KM_SHM, 30000));
	ck_assert_uint_eq(rig_total().lost, 0);
}
END_TEST

/* A worker: yields where the module would return to its event loop. */
static pid_t fork_worker(uint32_t rank)
{
	enum runner_state state = RUNNER_MORE;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid != 0)
		return pid;
	pool_use(KM_SHM, rig.pools[KM_SHM].pool, rank);
	player_set_rank(rig.players[0], rank);
	runner_init(&rig.runners[0], rig.plan, rig.board, rig.players[0]);
	runner_set_speed(&rig.runners[0], &rig_unlimited, 1);
	while (state != RUNNER_FINISHED) {
		state = rig_slice(0);
		if (state == RUNNER_WAITS)
			sched_yield();
	}
	rig_stop();
	_exit(0);
}

static void reap(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "worker ended with wait status %#x", (unsigned)status);
}

START_TEST(four_processes_play_it_with_pools_of_their_own)
{
	pid_t pids[5];

	rig_real_trace();
	rig_start(4, rig.trace->n_ops, &rig_unlimited, 1);
	for (uint32_t r = 1; r < 5; r++)
		pids[r] = fork_worker(r);
	for (uint32_t r = 1; r < 5; r++)
		reap(pids[r]);
	while (rig_slice(0) != RUNNER_FINISHED)
		;
	is_the_end();
	ck_assert_uint_eq(rig_total().dropped, 0);
	ck_assert_uint_eq(rig_played(), 148269);
}
END_TEST

/* A kill may lose what the victim had in its hands, one block. */
START_TEST(a_killed_process_hangs_nobody_and_its_successor_goes_on)
{
	pid_t pids[5];
	int status;

	rig_real_trace();
	rig_start(4, rig.trace->n_ops, &rig_unlimited, 1);
	for (uint32_t r = 1; r < 5; r++)
		pids[r] = fork_worker(r);
	while (runner_played(rig.plan, rig.board, 2) < 1000)
		sched_yield();
	kill(pids[2], SIGKILL);
	ck_assert_int_eq(waitpid(pids[2], &status, 0), pids[2]);
	ck_assert(WIFSIGNALED(status));
	pids[2] = fork_worker(2);
	for (uint32_t r = 1; r < 5; r++)
		reap(pids[r]);
	while (rig_slice(0) != RUNNER_FINISHED)
		;
	ck_assert_uint_eq(rig_played(), 148269);
	ck_assert_uint_eq(rig_total().broken, 0);
	ck_assert_uint_eq(rig_total().lost, 0);
	ck_assert_uint_ge(rig_info(KM_SHM).used, 306);
	ck_assert_uint_le(rig_info(KM_SHM).blocks, 15);
	test_pool_is_valid(&rig.pools[KM_SHM]);
}
END_TEST

static void add_real_tests(TCase *tc)
{
	tcase_add_loop_test(tc, the_real_trace_leaves_its_own_final_bytes, 0,
	    sizeof(worker_counts) / sizeof(worker_counts[0]));
	tcase_add_test(tc, recorded_order_leaves_the_same);
	tcase_add_loop_test(tc,
	    a_replay_that_stops_early_holds_what_is_live_there, 0,
	    sizeof(ends) / sizeof(ends[0]));
	tcase_add_test(tc, many_loops_leave_what_one_leaves);
	tcase_add_test(tc, loops_in_recorded_order_end_as_well);
	tcase_add_test(tc, four_processes_play_it_with_pools_of_their_own);
	tcase_add_test(
	    tc, a_killed_process_hangs_nobody_and_its_successor_goes_on);
}

int main(void)
{
	Suite *suite = suite_create("replay play");
	TCase *tc = tcase_create("play");

	tcase_add_checked_fixture(tc, rig_setup, rig_teardown);
	tcase_set_timeout(tc, 120);
	add_real_tests(tc);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
