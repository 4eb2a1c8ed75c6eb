/* SPDX-License-Identifier: ISC */
/* slot.h - the participants of a pool. */
#ifndef KMEM_MEM_SLOT_H
#define KMEM_MEM_SLOT_H
/*
 * Block owners are slot numbers.  A slot says who that is, by pid and name,
 * and still does when the process is dead: its live blocks are orphans then.
 *
 * Concurrency: slots are written by the supervisor alone; anybody reads.
 */
#include <stdint.h>

#include "mem/pool.h"

/*
 * Take a slot for a process. One whose live blocks still name it is not given
 * out again. Returns 0 and *slot, or -KM_EFULL.
 */
int slot_claim(struct km_pool *pool, uint32_t *slot);

/* Say who has it; the slot is live then. */
void slot_set(struct km_pool *pool, uint32_t slot, int32_t pid, int32_t rank,
    const char *name);

/* Its process is gone. */
void slot_dead(struct km_pool *pool, uint32_t slot);

/* Field 22 of /proc/PID/stat, clock ticks since boot; 0: no such process. */
uint64_t slot_process_start_time(int32_t pid);

#endif
