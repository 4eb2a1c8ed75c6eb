/* SPDX-License-Identifier: ISC */
/* clock.h - the word that a malloc looks at: the time, and is it quiet? */
#ifndef KMEM_MEM_CLOCK_H
#define KMEM_MEM_CLOCK_H
/*
 * The time has the place of the epoch in a tag: seconds of CLOCK_BOOTTIME,
 * which wrap in 97 days.  What nobody tells stays: then blocks look older than
 * they are.
 *
 * The sign says that nobody who uses the word is traced (memdbg <= debug).
 * Without it each call asks km_tune, which is a process's own.  So one load
 * answers both questions, and a word of zeros is right.
 *
 * A process uses the word of its shm pool, which the supervisor tells the time
 * each second; before it has one, or without kmemd, its own.
 *
 * Concurrency: all of it at any time, from any thread and process.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/export.h"

#define CLOCK_QUIET (1ull << 63)

/* For clock_in_use() alone. */
extern uint64_t *mem_clock KM_HIDDEN;

/* Never NULL. */
static inline uint64_t *clock_in_use(void)
{
	return __atomic_load_n(&mem_clock, __ATOMIC_ACQUIRE);
}

/* Tell it the time. */
void clock_tick(uint64_t *clock);

/* Tell it whether somebody may be traced. */
void clock_trace(uint64_t *clock, bool somebody);

/* Tell my own the time, and what km_tune says. */
void clock_begin(void);

/*
 * Use this one from now on; NULL: my own.  Who uses it writes to it, so never
 * that of a pool which is only looked at.
 */
void clock_use(uint64_t *clock);

static inline uint64_t clock_load(void)
{
	return __atomic_load_n(clock_in_use(), __ATOMIC_RELAXED);
}

static inline bool clock_is_quiet(void)
{
	return (clock_load() & CLOCK_QUIET) != 0;
}

#endif
