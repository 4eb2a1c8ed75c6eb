/* SPDX-License-Identifier: ISC */
/* replay_rig.c - a trace, its plan and all its ranks on real pools. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem/mem.h"
#include "mem/shm_mem.h"
#include "tests/unit/replay_rig.h"

#define SHM_SIZE (64UL << 20)
#define PKG_SIZE (16UL << 20)
#define SLICE	 64

const struct runner_speed rig_unlimited;
const struct runner_speed rig_recorded = { .in_order = 1 };

struct rig rig;

static void open_pool(enum km_pool_kind kind, size_t size, int map_flags)
{
	struct pool_options opt = {
		.kind = kind,
		.manager = "qm",
		.name = "replay",
		.n_slots = RIG_RANKS_MAX,
		.size = size,
	};
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    map_flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(pool_create(map, &opt, &rig.pools[kind].pool), 0);
	rig.pools[kind].size = size;
	pool_use(kind, rig.pools[kind].pool, 0);
}

/* A pkg pool that a fork copies, as the daemon does. */
void rig_setup(void)
{
	memset(&rig, 0, sizeof(rig));
	test_log_catch();
	open_pool(KM_SHM, SHM_SIZE, MAP_SHARED);
	open_pool(KM_PKG, PKG_SIZE, MAP_PRIVATE);
}

void rig_stop(void)
{
	for (int r = 0; r < RIG_RANKS_MAX; r++)
		player_free(&rig.players[r]);
	board_free(&rig.board);
	plan_free(&rig.plan);
	trace_free(&rig.trace);
}

void rig_teardown(void)
{
	rig_stop();
	test_pool_close(&rig.pools[KM_SHM]);
	test_pool_close(&rig.pools[KM_PKG]);
	if (rig.path[0] != '\0')
		unlink(rig.path);
}

void rig_real_trace(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/data/sip-trace.txt.gz",
	    srcdir != NULL ? srcdir : ".");
	ck_assert_msg(trace_read(path, &rig.trace) == 0, "%s", test_log_text());
}

/* Lines without their site. */
void rig_small_trace(const char *text)
{
	FILE *file;
	const char *tmpdir = getenv("TMPDIR");
	int fd;

	snprintf(rig.path, sizeof(rig.path), "%s/check_replay.XXXXXX",
	    tmpdir != NULL ? tmpdir : P_tmpdir);
	fd = mkstemp(rig.path);
	ck_assert_int_ge(fd, 0);
	file = fdopen(fd, "w");
	for (; *text != '\0'; text++)
		fputs(*text == '\n' ? " tm:a.c:f:7\n" : (char[]){ *text, '\0' },
		    file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_msg(
	    trace_read(rig.path, &rig.trace) == 0, "%s", test_log_text());
}

/* All ranks in this process: each has a table of pkg blocks, not a pool. */
void rig_start(uint32_t workers, uint32_t end, const struct runner_speed *speed,
    uint32_t loops)
{
	ck_assert_int_eq(plan_new(rig.trace, workers, end, &rig.plan), 0);
	ck_assert_int_eq(board_new(rig.plan, &rig.board), 0);
	for (uint32_t r = 0; r <= workers; r++) {
		ck_assert_int_eq(
		    player_new(rig.plan, rig.board, &rig.players[r]), 0);
		player_set_rank(rig.players[r], r);
		runner_init(
		    &rig.runners[r], rig.plan, rig.board, rig.players[r]);
		runner_set_speed(&rig.runners[r], speed, loops);
	}
	runner_prelude(&rig.runners[0]);
}

enum runner_state rig_slice(uint32_t rank)
{
	return runner_slice(
	    &rig.runners[rank], SLICE, rig.now_ns, &rig.wait_ns);
}

static uint64_t progress(void)
{
	uint64_t sum = 0;

	for (uint32_t r = 0; r < rig.plan->n_ranks; r++)
		sum += board_progress(rig.board, r);
	return sum;
}

/* Round robin, the last rank first. Fails when nobody goes on. */
void rig_play(void)
{
	uint32_t finished = 0;

	while (finished < rig.plan->n_ranks) {
		uint64_t before = progress();

		finished = 0;
		for (uint32_t r = rig.plan->n_ranks; r-- > 0;)
			finished += rig_slice(r) == RUNNER_FINISHED;
		ck_assert(finished == rig.plan->n_ranks || progress() > before);
	}
}

uint64_t rig_played(void)
{
	uint64_t n = 0;

	for (uint32_t r = 0; r < rig.plan->n_ranks; r++)
		n += runner_played(rig.plan, rig.board, r);
	return n;
}

struct board_counts rig_total(void)
{
	struct board_counts counts;

	board_total(rig.board, &counts);
	return counts;
}

struct km_mem_info rig_info(enum km_pool_kind kind)
{
	struct km_mem_info info;

	(kind == KM_SHM ? km_shm_info : km_pkg_info)(&info);
	return info;
}
