/* SPDX-License-Identifier: ISC */
/* workload.h - the workloads, and what is drawn for them. */
#ifndef TESTS_BENCH_WORKLOAD_H
#define TESTS_BENCH_WORKLOAD_H
/*
 * A workload is one row. Lifetime of a play: from play_open() to the end of
 * the process; the rings are the caller's.
 */
#include "mem/site.h"
#include "tests/bench/play.h"

#define MARK_PLACES (-1) /* a draw's place is a live block */

struct workload {
	const char *name;
	const char *what;
	enum workload_id id; /* its loop */
	uint32_t min, max;   /* bytes, log-uniform; 0: the trace */
	uint32_t n_blocks;   /* live ones, or in the FIFO */
	uint32_t n_draws;
	int marked;		  /* percent of draws whose place is 1 */
	int needs_processes;	  /* 2: between processes, on a shared heap */
	enum km_pool_kind traced; /* W7: which half of the trace */
	long pairs;		  /* timed in a run, unless told */
};

/* NULL: there is none of this name. */
const struct workload *workload_find(const char *name);

/* A line for each, on stderr. */
void workload_list(void);

/*
 * Draw what it needs, with `live` live blocks (0: as the row says).
 * Returns 0 or -KM_E...
 */
int play_open(struct play *play, const struct workload *workload, uint32_t live,
    const char *trace);

#endif
