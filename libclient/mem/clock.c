/* SPDX-License-Identifier: ISC */
/* clock.c - what time it is, and whether it is quiet. */
#include "config.h"

#include <stddef.h>
#include <time.h>

#include "base/tune.h"
#include "mem/clock.h"
#include "mem/slab.h"

static uint64_t own;

uint64_t *mem_clock = &own;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return ((uint64_t)t.tv_sec & SLAB_EPOCH_MASK) << SLAB_EPOCH_SHIFT;
}

void clock_tick(uint64_t *clock)
{
	uint64_t old = __atomic_load_n(clock, __ATOMIC_RELAXED);

	/* Who else changes it tells the time too, or it is told again. */
	__atomic_compare_exchange_n(clock, &old, now() | (old & CLOCK_QUIET),
	    false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void clock_trace(uint64_t *clock, bool somebody)
{
	if (somebody)
		__atomic_fetch_and(clock, ~CLOCK_QUIET, __ATOMIC_RELAXED);
	else
		__atomic_fetch_or(clock, CLOCK_QUIET, __ATOMIC_RELAXED);
}

void clock_begin(void)
{
	clock_tick(&own);
	clock_trace(&own, tune_is_traced(km_tune));
}

void clock_use(uint64_t *clock)
{
	clock_begin();
	__atomic_store_n(
	    &mem_clock, clock != NULL ? clock : &own, __ATOMIC_RELEASE);
}
