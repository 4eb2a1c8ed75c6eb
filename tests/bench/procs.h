/* SPDX-License-Identifier: ISC */
/* procs.h - the processes that play at the same time. */
#ifndef TESTS_BENCH_PROCS_H
#define TESTS_BENCH_PROCS_H
/*
 * One process plays by itself, so that a debugger or callgrind has nothing to
 * follow; two are forked.  Lifetime: of the shared part, the program's.
 */
#include "tests/bench/heap.h"
#include "tests/bench/play.h"

#define PROCESSES_MAX 2

/* Shared by the processes. */
struct procs {
	int n;
	int arrived; /* at barriers, counted on and on */
	long pairs[PROCESSES_MAX];
	double ns[PROCESSES_MAX];     /* per pair */
	struct heap_memory memory[2]; /* at two moments, seen by rank 0 */
	struct rings rings;
};

/* NULL: no memory. */
struct procs *procs_new(int n);

/*
 * Run body(rank, data) in each. Returns the exit status: the highest of
 * theirs, each what body() returned, or 1 when one was killed (said on
 * stderr; the others are killed then).
 */
int procs_run(
    struct procs *procs, int (*body)(int rank, void *data), void *data);

/* Wait until all have come here; *passed counts those of this process. */
void procs_barrier(struct procs *procs, int *passed);

#endif
