/* SPDX-License-Identifier: ISC */
/* hold.h - which locks a participant holds, and what it waits for. */
#ifndef KMEM_MEM_HOLD_H
#define KMEM_MEM_HOLD_H
/*
 * Each participant of the shm pool notes the locks that it has, so that anybody
 * can see them (lock.list).  A read lock is nothing but such a note: a writer
 * looks for notes of readers, and waits on the word of one. When the
 * participant is dead, its recovery takes them away and wakes who waits.
 *
 * Concurrency: the participant writes; under qm all threads of a process are
 * one, so places are taken by CAS.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "mem/pool.h"
#include "mem/site.h"

/* In the low bits of pool_hold.lock. */
enum hold_kind {
	HOLD_ALONE = 0,
	HOLD_SHARED = 1,    /* a reader */
	HOLD_CONDITION = 2, /* of a wait: for a condition */
	HOLD_AWAITED = 2,   /* of a reader's note: a writer sleeps on it */
};
#define HOLD_KIND_MASK 3u

/*
 * Note that the caller has it; of a reader, behind a full fence. Returns 0;
 * -KM_EREADY: no shm pool to write to; -KM_EFULL: it has no slot, or
 * POOL_N_HOLDS locks.
 */
int hold_add(const void *lock, enum hold_kind kind, struct km_site *site);

/* Take the note away, and wake who waits for it. False: there is none. */
bool hold_remove(const void *lock, enum hold_kind kind);

/* Whether this thread has it; where threads share a slot false in any case. */
bool hold_is_mine(const void *lock, enum hold_kind kind);

/* The caller is about to wait; it has stopped waiting. */
void hold_wait(const void *lock, enum hold_kind kind, struct km_site *site);
void hold_wait_end(void);

/* robust_get() for the mutex of a lock, with a note while it waits. */
int hold_get_mutex(
    const void *lock, pthread_mutex_t *mutex, struct km_site *site);

/* Until nobody alive has it as a reader. */
void hold_await_readers(const void *lock);

/* Who had the slot has gone: forget what it had. */
void hold_clear(struct km_pool *pool, uint32_t slot);

/* Wait until *word is not `value`, a wake, or so many ms, whatever is first. */
void hold_sleep(uint32_t *word, uint32_t value, unsigned ms);
void hold_wake(uint32_t *word, int n);

#endif
