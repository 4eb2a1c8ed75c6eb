/* SPDX-License-Identifier: ISC */
/* check_replay_play.c - the replay module: playing on real pools. */
#include "config.h"

#include <check.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/modules/replay/runner.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"
#include "tests/unit/check_pool.h"

#define SHM_SIZE  (64UL << 20)
#define PKG_SIZE  (16UL << 20)
#define MAX_RANKS 8
#define SLICE	  64

static const struct runner_speed unlimited;
static const struct runner_speed recorded = { .in_order = 1 };

static struct {
	char path[64];
	struct test_pool pools[KM_POOL_KIND__COUNT];
	struct trace *trace;
	struct plan *plan;
	struct board *board;
	struct player *players[MAX_RANKS];
	struct runner runners[MAX_RANKS];
	uint64_t now_ns;
	uint64_t wait_ns;
} t;

static void open_pool(enum km_pool_kind kind, size_t size, int map_flags)
{
	struct pool_options opt = {
		.kind = kind,
		.manager = "qm",
		.name = "replay",
		.n_slots = MAX_RANKS,
		.size = size,
	};
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    map_flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(pool_create(map, &opt, &t.pools[kind].pool), 0);
	t.pools[kind].size = size;
	pool_use(kind, t.pools[kind].pool, 0);
}

/* A pkg pool that a fork copies, as the daemon does. */
static void setup(void)
{
	memset(&t, 0, sizeof(t));
	test_log_catch();
	open_pool(KM_SHM, SHM_SIZE, MAP_SHARED);
	open_pool(KM_PKG, PKG_SIZE, MAP_PRIVATE);
}

static void stop(void)
{
	for (int r = 0; r < MAX_RANKS; r++)
		player_free(&t.players[r]);
	board_free(&t.board);
	plan_free(&t.plan);
	trace_free(&t.trace);
}

static void teardown(void)
{
	stop();
	test_pool_close(&t.pools[KM_SHM]);
	test_pool_close(&t.pools[KM_PKG]);
	if (t.path[0] != '\0')
		unlink(t.path);
}

static void real_trace(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/data/sip-trace.txt.gz",
	    srcdir != NULL ? srcdir : ".");
	ck_assert_msg(trace_read(path, &t.trace) == 0, "%s", test_log_text());
}

/* Lines without their site. */
static void small_trace(const char *text)
{
	FILE *file;
	int fd;

	strcpy(t.path, "/tmp/check_replay.XXXXXX");
	fd = mkstemp(t.path);
	ck_assert_int_ge(fd, 0);
	file = fdopen(fd, "w");
	for (; *text != '\0'; text++)
		fputs(*text == '\n' ? " tm:a.c:f:7\n" : (char[]){ *text, '\0' },
		    file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_msg(trace_read(t.path, &t.trace) == 0, "%s", test_log_text());
}

/* All ranks in this process: each has a table of pkg blocks, not a pool. */
static void start(uint32_t workers, uint32_t end,
    const struct runner_speed *speed, uint32_t loops)
{
	ck_assert_int_eq(plan_new(t.trace, workers, end, &t.plan), 0);
	ck_assert_int_eq(board_new(t.plan, &t.board), 0);
	for (uint32_t r = 0; r <= workers; r++) {
		ck_assert_int_eq(player_new(t.plan, t.board, &t.players[r]), 0);
		player_set_rank(t.players[r], r);
		runner_init(&t.runners[r], t.plan, t.board, t.players[r]);
		runner_set_speed(&t.runners[r], speed, loops);
	}
	runner_prelude(&t.runners[0]);
}

static enum runner_state slice(uint32_t rank)
{
	return runner_slice(&t.runners[rank], SLICE, t.now_ns, &t.wait_ns);
}

/* Round robin, the last rank first. Fails when nobody can go on. */
static void play(void)
{
	uint32_t finished = 0, waiting = 0;

	while (finished < t.plan->n_ranks) {
		ck_assert_uint_lt(waiting, t.plan->n_ranks);
		finished = 0;
		waiting = 0;
		for (uint32_t r = t.plan->n_ranks; r-- > 0;) {
			enum runner_state state = slice(r);

			finished += state == RUNNER_FINISHED;
			waiting += state == RUNNER_WAITS;
		}
	}
}

static uint64_t played(void)
{
	uint64_t n = 0;

	for (uint32_t r = 0; r < t.plan->n_ranks; r++)
		n += runner_played(t.plan, t.board, r);
	return n;
}

static struct board_counts total(void)
{
	struct board_counts counts;

	board_total(t.board, &counts);
	return counts;
}

static struct km_mem_info shm(void)
{
	struct km_mem_info info;

	km_shm_info(&info);
	return info;
}

static struct km_mem_info pkg(void)
{
	struct km_mem_info info;

	km_pkg_info(&info);
	return info;
}

/* What the trace itself says is live at its end. */
static void is_the_end(void)
{
	struct board_counts counts = total();

	ck_assert_uint_eq(counts.broken, 0);
	ck_assert_uint_eq(counts.lost, 0);
	ck_assert_uint_eq(counts.failed, 0);
	ck_assert_uint_eq(shm().used, 306);
	ck_assert_uint_eq(shm().blocks, 14);
	test_pool_is_valid(&t.pools[KM_SHM]);
	test_pool_is_valid(&t.pools[KM_PKG]);
}

static const uint32_t worker_counts[] = { 1, 2, 4, 7 };

START_TEST(the_real_trace_leaves_its_own_final_bytes)
{
	struct board_counts counts;

	real_trace();
	start(worker_counts[_i], t.trace->n_ops, &unlimited, 1);
	play();
	is_the_end();
	counts = total();
	ck_assert_uint_eq(played(), 148269);
	ck_assert_uint_eq(counts.dropped, 0);
	/* each free once, each realloc before and after */
	ck_assert_uint_eq(counts.patterns, 5023 + 68999 + 2 * 2);
}
END_TEST

START_TEST(recorded_order_leaves_the_same)
{
	real_trace();
	start(4, t.trace->n_ops, &recorded, 1);
	play();
	is_the_end();
	ck_assert_uint_eq(played(), 148269);
}
END_TEST

/* Live bytes before operation `end`, from the trace alone. */
static size_t live_bytes(enum km_pool_kind heap, uint32_t end)
{
	size_t *sizes = calloc(t.trace->max_id[heap] + 1, sizeof(*sizes));
	size_t sum = 0;

	ck_assert_ptr_nonnull(sizes);
	for (uint32_t i = 0; i < end; i++) {
		const struct trace_op *op = &t.trace->ops[i];

		if (op->heap == heap && op->kind != TRACE_FORK)
			sizes[op->id] = op->size;
	}
	for (uint32_t i = 0; i <= t.trace->max_id[heap]; i++)
		sum += sizes[i];
	free(sizes);
	return sum;
}

static const uint32_t ends[] = { 0, 300, 801, 5000, 18270, 77777, 147900 };

START_TEST(a_replay_that_stops_early_holds_what_is_live_there)
{
	real_trace();
	start(4, ends[_i], &unlimited, 1);
	play();
	ck_assert_uint_eq(played(), ends[_i]);
	ck_assert_uint_eq(shm().used, live_bytes(KM_SHM, ends[_i]));
	ck_assert_uint_eq(pkg().used, live_bytes(KM_PKG, ends[_i]));
}
END_TEST

START_TEST(many_loops_leave_what_one_leaves)
{
	size_t pkg_used;

	real_trace();
	start(4, t.trace->n_ops, &unlimited, 3);
	play();
	is_the_end();
	ck_assert_uint_eq(played(), 148269 + 2 * 146980);
	pkg_used = pkg().used;
	ck_assert_uint_eq(pkg_used, live_bytes(KM_PKG, t.trace->n_ops));
}
END_TEST

START_TEST(loops_in_recorded_order_end_as_well)
{
	real_trace();
	start(2, 30000, &recorded, 3);
	play();
	ck_assert_uint_eq(shm().used, live_bytes(KM_SHM, 30000));
	ck_assert_uint_eq(total().lost, 0);
}
END_TEST

/* Main's block is freed in the first loop; so is what was not freed. */
START_TEST(a_block_of_main_is_freed_in_the_first_loop_only)
{
	small_trace("M shm 7 1 64\nK pkg 8 - 7\nK pkg 9 - 7\n"
		    "M shm 8 2 32\nM pkg 8 1 5\nF shm 9 1 0\n");
	start(2, t.trace->n_ops, &unlimited, 3);
	play();
	ck_assert_uint_eq(shm().used, 32);
	ck_assert_uint_eq(shm().blocks, 1);
	ck_assert_uint_eq(pkg().used, 5);
	ck_assert_uint_eq(total().dropped, 2);
	ck_assert_uint_eq(total().lost, 0);
}
END_TEST

START_TEST(a_block_that_was_written_to_is_found_and_named)
{
	char *block;

	small_trace("K pkg 8 - 7\nM shm 8 1 100\nF shm 8 1 0\n");
	start(1, t.trace->n_ops, &unlimited, 1);
	ck_assert_int_eq(
	    runner_slice(&t.runners[1], 1, 1, &t.wait_ns), RUNNER_MORE);
	block = (char *)atomic_load(&t.board->blocks[1].at);
	block[77] ^= 1;
	ck_assert_int_eq(slice(1), RUNNER_FINISHED);
	ck_assert_uint_eq(total().broken, 1);
	ck_assert_uint_eq(total().patterns, 1);
	ck_assert_ptr_nonnull(strstr(test_log_text(),
	    "rank 1: shm block 1 of 100 bytes, used at tm: a.c: f:7, is "
	    "overwritten at offset 77 (operation 3)"));
}
END_TEST

START_TEST(a_realloc_keeps_the_content_and_checks_it)
{
	small_trace("K pkg 8 - 7\nM shm 8 1 100\nM shm 8 2 10\n"
		    "R shm 8 1 5000\nR shm 8 1 50\nF shm 8 1 0\n");
	start(1, t.trace->n_ops, &unlimited, 1);
	play();
	ck_assert_uint_eq(total().patterns, 5);
	ck_assert_uint_eq(total().broken, 0);
	ck_assert_uint_eq(shm().used, 10);
}
END_TEST

START_TEST(a_realloc_to_nothing_is_a_free)
{
	small_trace("K pkg 8 - 7\nM shm 8 1 100\nR shm 8 1 0\n"
		    "F shm 8 1 0\n");
	start(1, t.trace->n_ops, &unlimited, 1);
	play();
	ck_assert_uint_eq(shm().blocks, 0);
	ck_assert_uint_eq(total().dropped, 1);
}
END_TEST

START_TEST(an_allocation_that_fails_is_counted_and_its_free_dropped)
{
	small_trace("K pkg 8 - 7\nM shm 8 1 1000000000\nF shm 8 1 0\n"
		    "M shm 8 2 10\nR shm 8 2 1000000000\n");
	start(1, t.trace->n_ops, &unlimited, 1);
	play();
	ck_assert_uint_eq(total().failed, 2);
	ck_assert_uint_eq(total().dropped, 1);
	ck_assert_uint_eq(total().lost, 0);
	ck_assert_uint_eq(shm().used, 10);
}
END_TEST

START_TEST(a_rank_waits_for_the_block_of_another_and_is_woken)
{
	small_trace("K pkg 8 - 7\nK pkg 9 - 7\n"
		    "M shm 8 1 100\nM shm 9 2 1\nF shm 9 1 0\n");
	start(2, t.trace->n_ops, &unlimited, 1);
	ck_assert_int_eq(slice(2), RUNNER_WAITS);
	ck_assert_int_eq(slice(2), RUNNER_WAITS);
	ck_assert(!board_must_wake(t.board, 2, 1));
	ck_assert_int_eq(slice(1), RUNNER_FINISHED);
	ck_assert(board_must_wake(t.board, 2, 1));
	ck_assert(!board_must_wake(t.board, 1, 2));
	ck_assert_int_eq(slice(2), RUNNER_FINISHED);
	ck_assert(!board_must_wake(t.board, 2, 1));
	ck_assert_uint_eq(shm().used, 1);
}
END_TEST

/* Its allocator went on without having stored it. */
START_TEST(a_block_that_does_not_come_is_lost_and_nobody_hangs)
{
	small_trace("K pkg 8 - 7\nK pkg 9 - 7\nM shm 8 1 100\n"
		    "R shm 9 1 50\nF shm 9 1 0\n");
	start(2, t.trace->n_ops, &unlimited, 1);
	board_advance(t.board, 1, board_at(0, 1));
	ck_assert_int_eq(slice(2), RUNNER_FINISHED);
	ck_assert_uint_eq(total().lost, 1);
	ck_assert_uint_eq(total().dropped, 1);
}
END_TEST

/* Killed between the store of the block and that of its progress. */
START_TEST(a_successor_does_not_repeat_what_was_done)
{
	small_trace("K pkg 8 - 7\nM shm 8 1 100\nF shm 8 1 0\n");
	start(1, t.trace->n_ops, &unlimited, 1);
	player_play(t.players[1], t.plan->parts[1].ops[0]);
	player_play(t.players[1], t.plan->parts[1].ops[0]);
	ck_assert_uint_eq(shm().blocks, 1);
	player_play(t.players[1], t.plan->parts[1].ops[1]);
	player_play(t.players[1], t.plan->parts[1].ops[1]);
	ck_assert_uint_eq(shm().blocks, 0);
	ck_assert_uint_eq(total().lost, 0);
}
END_TEST

START_TEST(in_recorded_order_nobody_overtakes)
{
	small_trace("K pkg 8 - 7\nK pkg 9 - 7\nM pkg 8 1 1\n"
		    "M shm 8 7 1\nM shm 9 9 1\nM pkg 9 2 1\n"
		    "M pkg 8 3 1\n");
	start(2, t.trace->n_ops, &recorded, 1);
	ck_assert_int_eq(slice(2), RUNNER_WAITS);
	ck_assert_uint_eq(runner_played(t.plan, t.board, 2), 0);
	ck_assert_int_eq(slice(1), RUNNER_WAITS);
	ck_assert_uint_eq(runner_played(t.plan, t.board, 1), 2);
	ck_assert(board_must_wake(t.board, 2, 1));
	ck_assert_int_eq(slice(2), RUNNER_FINISHED);
	ck_assert(board_must_wake(t.board, 1, 2));
	ck_assert_int_eq(slice(1), RUNNER_FINISHED);
}
END_TEST

START_TEST(a_paced_replay_plays_what_is_due)
{
	struct runner_speed speed = { .in_order = 1, .per_second = 10 };

	small_trace("K pkg 8 - 7\nM pkg 8 1 1\nM pkg 8 2 1\nM pkg 8 3 1\n"
		    "M pkg 8 4 1\n");
	start(1, t.trace->n_ops, &speed, 1);
	t.now_ns = 5000000000;
	ck_assert_int_eq(slice(1), RUNNER_PACED);
	ck_assert_uint_eq(runner_played(t.plan, t.board, 1), 1);
	ck_assert_uint_eq(t.wait_ns, 100000000);
	t.now_ns += 250000000;
	ck_assert_int_eq(slice(1), RUNNER_PACED);
	ck_assert_uint_eq(runner_played(t.plan, t.board, 1), 3);
	ck_assert_uint_eq(t.wait_ns, 50000000);
	t.now_ns += t.wait_ns;
	ck_assert_int_eq(slice(1), RUNNER_FINISHED);
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
	pool_use(KM_SHM, t.pools[KM_SHM].pool, rank);
	player_set_rank(t.players[0], rank);
	runner_init(&t.runners[0], t.plan, t.board, t.players[0]);
	runner_set_speed(&t.runners[0], &unlimited, 1);
	while (state != RUNNER_FINISHED) {
		state = slice(0);
		if (state == RUNNER_WAITS)
			sched_yield();
	}
	stop();
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

	real_trace();
	start(4, t.trace->n_ops, &unlimited, 1);
	for (uint32_t r = 1; r < 5; r++)
		pids[r] = fork_worker(r);
	for (uint32_t r = 1; r < 5; r++)
		reap(pids[r]);
	ck_assert_int_ne(slice(0), RUNNER_WAITS);
	play();
	is_the_end();
	ck_assert_uint_eq(total().dropped, 0);
	ck_assert_uint_eq(played(), 148269);
}
END_TEST

/* A kill may lose what the victim had in its hands, one block. */
START_TEST(a_killed_process_hangs_nobody_and_its_successor_goes_on)
{
	pid_t pids[5];
	int status;

	real_trace();
	start(4, t.trace->n_ops, &unlimited, 1);
	for (uint32_t r = 1; r < 5; r++)
		pids[r] = fork_worker(r);
	while (runner_played(t.plan, t.board, 2) < 1000)
		sched_yield();
	kill(pids[2], SIGKILL);
	ck_assert_int_eq(waitpid(pids[2], &status, 0), pids[2]);
	ck_assert(WIFSIGNALED(status));
	pids[2] = fork_worker(2);
	for (uint32_t r = 1; r < 5; r++)
		reap(pids[r]);
	play();
	ck_assert_uint_eq(played(), 148269);
	ck_assert_uint_eq(total().broken, 0);
	ck_assert_uint_eq(total().lost, 0);
	ck_assert_uint_ge(shm().used, 306);
	ck_assert_uint_le(shm().blocks, 15);
	test_pool_is_valid(&t.pools[KM_SHM]);
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
}

int main(void)
{
	Suite *suite = suite_create("replay play");
	TCase *tc = tcase_create("play");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	add_real_tests(tc);
	add_small_tests(tc);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
