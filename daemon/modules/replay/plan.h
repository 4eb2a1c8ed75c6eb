/* SPDX-License-Identifier: ISC */
/* plan.h - which process plays which operation of a trace, and after what. */
#ifndef KMEMD_REPLAY_PLAN_H
#define KMEMD_REPLAY_PLAN_H
/*
 * The trace's main process is the supervisor, rank 0: what it did before its
 * last fork is its prelude, played before the workers exist, so that they
 * inherit it; what is left of it is its part, played when all ranks have
 * finished.  The other processes are dealt onto the ranks from 1: first those
 * that use both heaps, then those that use one, each in the order in which
 * they appear, round robin.
 *
 * Each rank plays its part in recorded order, and an operation on a shm block
 * waits for the operation before it on the same block, which is earlier in
 * the trace.  So the earliest operation not played yet can always be played:
 * no deal has a deadlock.
 *
 * Lifetime: the trace must outlive the plan.
 * Concurrency: read-only once made; forked processes share it.
 */
#include <stdint.h>

#include "daemon/modules/replay/trace.h"

#define PLAN_NONE      UINT32_MAX
#define PLAN_RANKS_MAX 65535

/* Operations, as indices of trace->ops, ascending. */
struct plan_part {
	uint32_t *ops;
	uint32_t n;
};

/* Where an operation is played. */
struct plan_place {
	uint32_t pos;	/* in its part; PLAN_NONE: nobody plays it */
	uint32_t after; /* operation to wait for, or PLAN_NONE */
	uint16_t rank;
	uint8_t in_prelude;
};

struct plan {
	const struct trace *trace;
	uint32_t n_ranks; /* with rank 0 */
	uint32_t end;	  /* operations from this index on are not played */
	struct plan_part prelude;
	struct plan_part *parts;   /* by rank */
	struct plan_place *places; /* by operation */
	uint16_t *rank_of_process; /* by process */
	uint32_t n_unplayable;
	uint32_t reserved;
};

/*
 * Make a plan for `workers` ranks beside the supervisor, which ends before
 * operation `end` (an index; the number of operations: plays them all).
 * What a worker would do with a shm block of the supervisor's part cannot be
 * played and is left out: counted in n_unplayable.
 * Returns 0 and *plan; -KM_EINVAL: no or too many workers; -KM_ENOMEM.
 */
int plan_new(const struct trace *trace, uint32_t workers, uint32_t end,
    struct plan **plan);

void plan_free(struct plan **plan);

#endif
