/* SPDX-License-Identifier: ISC */
/* board.h - what the processes of a replay know of each other. */
#ifndef KMEMD_REPLAY_BOARD_H
#define KMEMD_REPLAY_BOARD_H
/*
 * One shared mapping, made before the fork: how far each rank is, where each
 * shm block of the trace is, and what was counted.  It is neither in shm nor in
 * pkg, so that the pools hold the trace's blocks and nothing else.
 *
 * Lifetime: board_new() in the supervisor; each process unmaps its own.
 * Concurrency: only a rank moves its own progress, waits and counts; a process
 * that is killed leaves all of it for its successor.  A block is used by one
 * operation at a time, in the order of the plan.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/modules/replay/plan.h"

/* A block of the trace: its address, or one of these. */
#define BLOCK_NONE ((uintptr_t)0) /* not allocated yet */
#define BLOCK_GONE ((uintptr_t)1) /* freed, or the allocation failed */

struct block {
	_Atomic(uintptr_t) at;
	_Atomic(size_t) size; /* requested; stored before `at` */
};

struct board_counts {
	uint64_t patterns; /* checks made, the broken ones included */
	uint64_t broken;
	uint64_t lost;	  /* uses of shm blocks that ought to be there */
	uint64_t dropped; /* uses of blocks that are rightly not there */
	uint64_t failed;  /* allocations */
};

struct board_rank {
	_Alignas(64) _Atomic(uint64_t) at; /* board_at(loop, pos) */
	_Atomic(uint64_t) wait_need;	   /* stored before wait_rank */
	_Atomic(uint32_t) wait_rank;	   /* PLAN_NONE: waits for nobody */
	uint32_t reserved;
	_Atomic(uint64_t) finished_ns; /* CLOCK_MONOTONIC; 0: not yet */
	struct board_counts counts;
};

struct board {
	uint32_t n_ranks;
	uint32_t n_blocks;
	size_t size;		      /* bytes mapped */
	_Atomic(uint64_t) started_ns; /* CLOCK_MONOTONIC; 0: not yet */
	struct block *blocks;	      /* of shm, by id; behind the ranks */
	struct board_rank ranks[];
};

/* Progress as one word, so that it changes at once and can be compared. */
static inline uint64_t board_at(uint32_t loop, uint32_t pos)
{
	return (uint64_t)loop << 32 | pos;
}

/* Returns 0 and *board; -KM_ESYS. */
int board_new(const struct plan *plan, struct board **board);
void board_free(struct board **board);

/* How far a rank is, and all that it did before is seen. */
uint64_t board_progress(const struct board *board, uint32_t rank);

/* The rank is there now: after everything that brought it there. */
void board_advance(struct board *board, uint32_t rank, uint64_t at);

/*
 * Rank `rank` cannot go on until `other` is at `need`.  Returns 1: it waits,
 * and will be woken; 0: `other` has got there meanwhile.
 */
int board_wait(
    struct board *board, uint32_t rank, uint32_t other, uint64_t need);
void board_wait_over(struct board *board, uint32_t rank);

/* Whether `waiter` waits for `rank` and what it waits for has come. */
int board_must_wake(const struct board *board, uint32_t waiter, uint32_t rank);

/* The sum over all ranks. */
void board_total(const struct board *board, struct board_counts *total);

#endif
