/* SPDX-License-Identifier: ISC */
/* lap.h - a recorded trace as operations of one process (W7). */
#ifndef TESTS_BENCH_LAP_H
#define TESTS_BENCH_LAP_H
/*
 * Of pkg: one worker, the busiest, in a heap that holds what the supervisor
 * had before it forked it.  Of shm: all processes, in their order.  Either way
 * the lap can be played again and again: what it leaves is freed in its end,
 * and frees of what was there before are dropped.
 *
 * Lifetime: from lap_read() to lap_free().
 */
#include <stddef.h>
#include <stdint.h>

#include "mem/site.h"

enum lap_kind {
	LAP_MALLOC,
	LAP_FREE,
	LAP_REALLOC
};

struct lap_op {
	uint32_t kind;	/* enum lap_kind */
	uint32_t block; /* from 0, used again when freed */
	uint32_t size;	/* bytes */
};

struct lap {
	struct lap_op *ops;
	uint32_t n_ops;
	uint32_t n_before; /* of them, those before the worker was forked */
	uint32_t n_blocks;
	uint32_t pairs; /* mallocs of the lap itself */
	uint32_t *kept; /* blocks that were there before, and stay */
	uint32_t n_kept;
};

/* Returns 0 and *lap, or -KM_E..., logged. */
int lap_read(const char *path, enum km_pool_kind heap, struct lap **lap);

void lap_free(struct lap **lap);

#endif
