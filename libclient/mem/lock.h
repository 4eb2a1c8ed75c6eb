/* SPDX-License-Identifier: ISC */
/* lock.h - [public] a lock for data in shm that survives its holder. */
#ifndef KMEM_MEM_LOCK_H
#define KMEM_MEM_LOCK_H
/*
 * A mutex shared by processes.  When its holder dies, the next one gets it and
 * is told, so that it can repair the data; nobody waits for the dead.
 *
 *   gen_lock_t *lock = lock_alloc();
 *   if (lock == NULL || lock_init(lock) == NULL) ...
 *   if (lock_get(lock) == KM_LOCK_OWNER_DIED)
 *           repair();
 *   lock_release(lock);
 *
 * Lifetime: from lock_init() to lock_destroy(); at one address, in shm.
 * Concurrency: between threads and between processes.  Not recursive: a second
 * lock_get() by the holder returns -KM_EBUSY.  Not for signal handlers.
 * A holder that is stopped, not dead, keeps the lock.
 * Source of the names: Kamailio, src/core/locking.h.
 */
#include <pthread.h>

#include "base/err.h"
#include "base/export.h"
#include "mem/shm_mem.h"

/* Opaque: use the verbs. */
struct km_lock {
	pthread_mutex_t mutex;
};
typedef struct km_lock gen_lock_t;

enum km_lock_state {
	KM_LOCK_HELD = 0,	/* you hold it */
	KM_LOCK_OWNER_DIED = 1, /* you hold it; its holder died: repair */
};

#define lock_alloc()                                                           \
	((struct km_lock *)km_shm_malloc(sizeof(struct km_lock), KM_SITE()))
#define lock_dealloc(lock) shm_free(lock)
#define lock_init(lock)	   km_lock_init(lock)
#define lock_destroy(lock) km_lock_destroy(lock)
#define lock_get(lock)	   km_lock_get(lock)
#define lock_try(lock)	   km_lock_try(lock)
#define lock_release(lock) km_lock_release(lock)

/* Make it ready, free. Returns lock, or NULL. */
KM_API struct km_lock *km_lock_init(struct km_lock *lock);

/* Nobody may hold it or wait for it. */
KM_API void km_lock_destroy(struct km_lock *lock);

/* Wait for it. Returns enum km_lock_state (both mean held), or < 0: not held.
 */
KM_API int km_lock_get(struct km_lock *lock);

/* Do not wait. Returns as km_lock_get(); -KM_EBUSY: somebody has it. */
KM_API int km_lock_try(struct km_lock *lock);

/* Returns 0, or -KM_EPERM when the caller does not hold it. */
KM_API int km_lock_release(struct km_lock *lock);

#endif
