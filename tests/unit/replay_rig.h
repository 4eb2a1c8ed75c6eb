/* SPDX-License-Identifier: ISC */
/* replay_rig.h - a trace, its plan and all its ranks on real pools. */
#ifndef TESTS_REPLAY_RIG_H
#define TESTS_REPLAY_RIG_H
/*
 * All ranks are played by the test's own process: each has a table of pkg
 * blocks of its own, but they share one pkg pool.
 * Lifetime: rig_setup() to rig_teardown(), as a checked fixture.
 */
#include "daemon/modules/replay/runner.h"
#include "tests/unit/check_pool.h"

#define RIG_RANKS_MAX 8

struct rig {
	char path[512];
	struct test_pool pools[KM_POOL_KIND__COUNT];
	struct trace *trace;
	struct plan *plan;
	struct board *board;
	struct player *players[RIG_RANKS_MAX];
	struct runner runners[RIG_RANKS_MAX];
	uint64_t now_ns; /* what slices are told */
	uint64_t wait_ns;
};
extern struct rig rig;

extern const struct runner_speed rig_unlimited;
extern const struct runner_speed rig_recorded;

void rig_setup(void);
void rig_teardown(void);

/* Free all but the pools. */
void rig_stop(void);

/* Read tests/data/sip-trace.txt.gz, or lines without their site. */
void rig_real_trace(void);
void rig_small_trace(const char *text);

/* Plan it, and play the prelude. */
void rig_start(uint32_t workers, uint32_t end, const struct runner_speed *speed,
    uint32_t loops);

/* Play a slice of one rank. */
enum runner_state rig_slice(uint32_t rank);

/* Play all ranks to the end; fails when nobody goes on. */
void rig_play(void);

/* Sums over all ranks. */
uint64_t rig_played(void);
struct board_counts rig_total(void);

/* The accounts of a pool. */
struct km_mem_info rig_info(enum km_pool_kind kind);

#endif
