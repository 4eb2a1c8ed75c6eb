/* SPDX-License-Identifier: ISC */
/* slot.h - the participants of a pool. */
#ifndef KMEM_MEM_SLOT_H
#define KMEM_MEM_SLOT_H
/*
 * Block owners are slot numbers.  A slot says who that is, by pid and name,
 * and still does when the process is dead: its live blocks are orphans then.
 *
 * Concurrency: a slot is taken by CAS; then only who took it writes, and the
 * supervisor when its process is gone.  Anybody reads.
 */
#include <stdbool.h>
#include <stdint.h>

#include "mem/pool.h"

/*
 * Take a slot for a process. One whose live blocks still name it is not given
 * out again. Returns 0 and *slot, or -KM_EFULL.
 */
int slot_claim(struct km_pool *pool, uint32_t *slot);

/*
 * Take a slot for another thread of the process that uses the pool, as its
 * pool_slot_in_use() describes it. By any thread. Returns as slot_claim(), or
 * -KM_EPERM (logged): the child of a fork, in a pid namespace of its own.
 */
int slot_join(struct km_pool *pool, uint32_t *slot);

/*
 * Who looks after the shm pool is in another pid namespace, where this process
 * has that pid: its slots have it from now on. slot_is_known_here(): that is
 * not so, nor is this a child in another one than who was told.
 */
void slot_known_as(int32_t pid);
bool slot_is_known_here(void);

/*
 * Of a pkg pool: the threads that a fork has left behind (RECOVERING) are
 * dead, and their slots can be had again.
 */
void slot_settle(struct km_pool *pool);

/* Its thread has ended, and has left nothing half done. */
void slot_left(struct km_pool *pool, uint32_t slot);

/* Say who has it; the slot is live then. */
void slot_set(struct km_pool *pool, uint32_t slot, int32_t pid, int32_t rank,
    const char *name);

/* Who had it is gone: what was left half done is settled. */
void slot_dead(struct km_pool *pool, uint32_t slot);

/*
 * The process of this slot is gone: the same for those of all its threads. What
 * threads have left that ended before it is of the dead as well then, and what
 * they have claimed is free.
 */
void slot_dead_process(struct km_pool *pool, uint32_t slot);

/*
 * The same where none of its slots is known to be its own still. Returns one
 * that was, POOL_NO_SLOT when there is none.
 */
uint32_t slot_dead_all(struct km_pool *pool, int32_t pid, uint64_t start_time);

/*
 * What the process of this pid has claimed for us is our claim. False: it is
 * not claimed by it any more.
 */
bool slot_pass_claim(struct km_pool *pool, uint32_t slot, int32_t pid);

/*
 * The process of this pid is gone: what it has claimed, and not yet set, is
 * free again. Nothing can be in there.
 */
void slot_drop_claims(struct km_pool *pool, int32_t pid);

/* A claim says by whom it is: a kill behind it is seen by that. */
#define SLOT_CLAIMER_SHIFT 8 /* Linux has pids below 2^22 */

static inline uint32_t slot_claimed_by(int32_t pid)
{
	return SLOT_CLAIMED | (uint32_t)pid << SLOT_CLAIMER_SHIFT;
}

/* The pid; 0: it is not claimed, or by a libkmem that did not say so. */
static inline int32_t slot_claimer(uint32_t state)
{
	return (int32_t)(state >> SLOT_CLAIMER_SHIFT);
}

static inline bool slot_is_claimed(uint32_t state)
{
	return (state & ((1u << SLOT_CLAIMER_SHIFT) - 1)) == SLOT_CLAIMED;
}

/* Who had it is gone: a live block that names it is an orphan. */
static inline bool slot_is_dead(const struct pool_slot *slot)
{
	return slot->state == SLOT_DEAD || slot->state == SLOT_RECOVERING;
}

/*
 * A number of /proc/PID/stat, by its field as proc(5) counts them. False: there
 * is no such process, or its /proc is not here.
 */
bool slot_process_field(int32_t pid, int field, uint64_t *value);

/* Field 22 of /proc/PID/stat, clock ticks since boot; 0: no such process. */
uint64_t slot_process_start_time(int32_t pid);

#endif
