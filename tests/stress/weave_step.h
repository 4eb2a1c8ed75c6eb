/* SPDX-License-Identifier: ISC */
/* weave_step.h - what a manager is compiled with to be woven, see weave.h. */
#ifndef TESTS_WEAVE_STEP_H
#define TESTS_WEAVE_STEP_H
/*
 * Included before the sources of slab: each of its atomic loads, stores and
 * fences becomes a call, at which another actor may be given the turn.  What is
 * no atomic operation goes with the one before it.
 */
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mem/clock.h"
#include "mem/pool.h"

uint64_t weave_load(const void *p, size_t n);
void weave_store(void *p, size_t n, uint64_t value, int order);
bool weave_cas(void *p, size_t n, void *expected, uint64_t value);
uint64_t weave_add(void *p, size_t n, uint64_t value);
uint64_t weave_and(void *p, size_t n, uint64_t value);
void weave_fence(void);
long weave_barrier(void);

/* Time stands still, and membarrier is here. */
#define clock_tick(c) ((void)0)
#define sched_yield() ((void)0)
#define syscall(...)  weave_barrier()

#define __atomic_load_n(p, order)                                              \
	((__typeof__(*(p) + 0u))weave_load((p), sizeof(*(p))))
#define __atomic_store_n(p, value, order)                                      \
	weave_store((p), sizeof(*(p)), (uint64_t)(value), (order))
#define __atomic_compare_exchange_n(p, expected, value, weak, yes, no)         \
	weave_cas((p), sizeof(*(p)), (expected), (uint64_t)(value))
#define __atomic_add_fetch(p, value, order)                                    \
	weave_add((p), sizeof(*(p)), (uint64_t)(value))
#define __atomic_fetch_and(p, value, order)                                    \
	weave_and((p), sizeof(*(p)), (uint64_t)(value))
#define __atomic_thread_fence(order) weave_fence()

#endif
