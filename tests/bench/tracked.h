/* SPDX-License-Identifier: ISC */
/* tracked.h - a heap watched: the peaks of its memory. */
#ifndef TESTS_BENCH_TRACKED_H
#define TESTS_BENCH_TRACKED_H
/*
 * Blocks are filled, so that the pages behind them count.  Lifetime: from
 * tracked_open() to the end of the process; one process.
 */
#include "tests/bench/heap.h"

#define EXIT_NO_ROOM 3 /* of the process, when a request fails */

/* The heap is open and joined. */
void tracked_open(const struct heap *heap);

/* The highest of each account that was seen since then. */
const struct heap_memory *tracked_peaks(void);

void *tracked_malloc(size_t size);
void *tracked_realloc(void *p, size_t size);
void tracked_free(void *p);

extern const struct loop loops_tracked[WORKLOAD__COUNT];

#endif
