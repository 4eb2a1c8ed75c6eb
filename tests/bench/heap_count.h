/* SPDX-License-Identifier: ISC */
/* heap_count.h - heaps that only tell: what is requested, what is resident. */
#ifndef TESTS_BENCH_HEAP_COUNT_H
#define TESTS_BENCH_HEAP_COUNT_H
/*
 * What a workload requests at its peak is the same whatever the heap, so it is
 * counted once, by malloc with a head.  Of allocators without accounts, what
 * they hold is what the process has resident more than at the first look.
 */
#include "tests/bench/heap.h"

extern const struct heap_calls count_calls;

/* `used` is the highest so far: this peak is exact. */
void count_memory(struct heap_memory *memory);

void resident_memory(struct heap_memory *memory);

#endif
