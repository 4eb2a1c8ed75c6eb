/* SPDX-License-Identifier: ISC */
/* runner.h - plays the part of one rank, slice by slice. */
#ifndef KMEMD_REPLAY_RUNNER_H
#define KMEMD_REPLAY_RUNNER_H
/*
 * A runner decides what its rank may play now and when it must wait for
 * another: because of a block, of the recorded order, of the pace, or at the
 * end of a loop.  It never blocks; it returns, and is called again.
 *
 * At the end of each loop but the last, when all ranks have played it, a rank
 * frees what it allocated and is still there; when all have done so, the next
 * loop begins.  So N loops leave what one leaves.
 *
 * Lifetime: of its process; progress is on the board, so that the runner of a
 * successor goes on where a killed one stopped.
 * Concurrency: one thread of each process.
 */
#include <stdint.h>

#include "daemon/modules/replay/player.h"

struct runner_speed {
	uint32_t in_order; /* 1: in the order of the trace over all ranks */
	uint32_t reserved;
	uint64_t per_second; /* operations; 0: as fast as can be */
};

enum runner_state {
	RUNNER_READY, /* inside: nothing is in the way */
	RUNNER_MORE,  /* call again soon */
	RUNNER_WAITS, /* until another rank wakes it, see board.h */
	RUNNER_PACED, /* until *wait_ns have passed */
	RUNNER_FINISHED,
	RUNNER_STATE__COUNT
};

/* Plain data; fill it with runner_init(). */
struct runner {
	const struct plan *plan;
	struct board *board;
	struct player *player;
	struct runner_speed speed;
	uint32_t rank;
	uint32_t loops;
	uint64_t bound;	   /* in order: what is below may be played ... */
	uint32_t in_loop;  /* ... in this loop */
	uint32_t first_op; /* of all workers, where the pace starts */
	uint64_t delay_ns; /* of the pace */
};

/* For the rank that the player plays for. */
void runner_init(struct runner *runner, const struct plan *plan,
    struct board *board, struct player *player);
void runner_set_speed(
    struct runner *runner, const struct runner_speed *speed, uint32_t loops);

/* What is played from now on is due this much later. */
void runner_delay(struct runner *runner, uint64_t ns);

/* Play the prelude, in the supervisor before it forks. */
void runner_prelude(struct runner *runner);

/*
 * Play at most max_ops operations. now_ns is CLOCK_MONOTONIC.
 * Sets *wait_ns with RUNNER_PACED only.
 */
enum runner_state runner_slice(struct runner *runner, uint32_t max_ops,
    uint64_t now_ns, uint64_t *wait_ns);

/* Operations that the rank has played so far, in all loops. */
uint64_t runner_played(
    const struct plan *plan, const struct board *board, uint32_t rank);

#endif
