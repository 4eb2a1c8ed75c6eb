/* SPDX-License-Identifier: ISC */
/* play.h - what a process needs to play a workload on a heap. */
#ifndef TESTS_BENCH_PLAY_H
#define TESTS_BENCH_PLAY_H
/*
 * All that is random is drawn before the clock runs, and is the same for every
 * heap: a loop reads draws in order, and begins again at the end of them.
 *
 * Lifetime: one run of the program.  Concurrency: each process has its own,
 * but for the rings, which are shared.
 */
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/lap.h"
#include "tests/bench/ring.h"

#define BURST  60 /* blocks of a burst of W4 */
#define ORDERS 64 /* in which bursts are freed */

struct draw {
	uint32_t size;	/* bytes */
	uint32_t place; /* W2: which live block; W4: 1: keep; W8: 1: pass on */
};

struct play {
	const struct draw *draws;
	uint32_t n_draws;
	uint32_t at; /* the next draw */
	void **blocks;
	uint32_t n_blocks;
	uint32_t oldest;		/* W4: of blocks, a FIFO */
	const uint8_t (*orders)[BURST]; /* W4: ORDERS of them */
	uint32_t order;			/* W4: the next one */
	const struct lap *lap;		/* W7 */
	struct rings *rings;		/* W5, W8 */
	int rank;			/* of this process, from 0 */
	int processes;
};

/*
 * The loops of one heap for one workload. `run` plays at least so many pairs
 * and returns how many.
 */
struct loop {
	void (*fill)(struct play *play);
	long (*run)(struct play *play, long pairs);
	void (*empty)(struct play *play);
};

enum workload_id {
	WORKLOAD_W2,
	WORKLOAD_W3,
	WORKLOAD_W4,
	WORKLOAD_W5,
	WORKLOAD_W6,
	WORKLOAD_W7,
	WORKLOAD_W8,
	WORKLOAD__COUNT
};

#endif
