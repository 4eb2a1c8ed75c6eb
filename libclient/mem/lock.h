/* SPDX-License-Identifier: ISC */
/* lock.h - [public] locks for data in shm that survive their holders. */
#ifndef KMEM_MEM_LOCK_H
#define KMEM_MEM_LOCK_H
/*
 * Locks shared by processes: one holder at a time, or many readers and one
 * writer; and a condition to wait for.  When a holder dies, the next one gets
 * the lock and is told, so that it can repair the data; nobody waits for the
 * dead.
 *
 *   gen_lock_t *lock = lock_alloc();
 *   if (lock == NULL || lock_init(lock) == NULL) ...
 *   if (lock_get(lock) == KM_LOCK_OWNER_DIED)
 *           repair();
 *   lock_release(lock);
 *
 * Lifetime: from _init() to _destroy(); at one address, in shm.
 * Concurrency: between threads and between processes.  Not recursive: asked for
 * once more by its holder a lock returns -KM_EBUSY.  Not for signal handlers.
 * A holder that is stopped, not dead, keeps the lock.
 * Each call gives its place: lock.list shows who has what, from where, and who
 * waits.
 * Source of the names of the first lock: Kamailio, src/core/locking.h.
 */
#include <pthread.h>
#include <stdint.h>

#include "base/err.h"
#include "base/export.h"
#include "mem/shm_mem.h"

enum km_lock_state {
	KM_LOCK_HELD = 0,	/* you hold it */
	KM_LOCK_OWNER_DIED = 1, /* you hold it; its holder died: repair */
};

/* ---- one holder --------------------------------------------------------- */

/* Opaque: use the verbs. */
struct km_lock {
	pthread_mutex_t mutex;
};
typedef struct km_lock gen_lock_t;

#define lock_alloc()                                                           \
	((struct km_lock *)km_shm_malloc(sizeof(struct km_lock), KM_SITE()))
#define lock_dealloc(lock) shm_free(lock)
#define lock_init(lock)	   km_lock_init(lock)
#define lock_destroy(lock) km_lock_destroy(lock)
#define lock_get(lock)	   km_lock_get((lock), KM_SITE())
#define lock_try(lock)	   km_lock_try((lock), KM_SITE())
#define lock_release(lock) km_lock_release(lock)

/* Make it ready, free. Returns lock, or NULL. */
KM_API struct km_lock *km_lock_init(struct km_lock *lock);

/* Nobody may hold it or wait for it. */
KM_API void km_lock_destroy(struct km_lock *lock);

/* Wait for it. Returns enum km_lock_state (both mean held), or < 0: not held.
 */
KM_API int km_lock_get(struct km_lock *lock, struct km_site *site);

/* Do not wait. Returns as km_lock_get(); -KM_EBUSY: somebody has it. */
KM_API int km_lock_try(struct km_lock *lock, struct km_site *site);

/* Returns 0, or -KM_EPERM when the caller does not hold it. */
KM_API int km_lock_release(struct km_lock *lock);

/* ---- many readers, or one writer ---------------------------------------- */

/* Opaque: use the verbs. */
struct km_rwlock {
	pthread_mutex_t mutex; /* of the writer */
	uint32_t writer;
	uint32_t reserved;
};

#define lock_rw_init(rw)    km_rwlock_init(rw)
#define lock_rw_destroy(rw) km_rwlock_destroy(rw)
#define lock_read(rw)	    km_rwlock_read((rw), KM_SITE())
#define lock_write(rw)	    km_rwlock_write((rw), KM_SITE())
#define lock_rw_release(rw) km_rwlock_release(rw)

/* Make it ready, free. Returns rw, or NULL. */
KM_API struct km_rwlock *km_rwlock_init(struct km_rwlock *rw);

/* Nobody may hold it or wait for it. */
KM_API void km_rwlock_destroy(struct km_rwlock *rw);

/*
 * Wait until nobody writes, then hold it with other readers. Returns
 * KM_LOCK_HELD; KM_LOCK_OWNER_DIED: a writer has died, and you hold it alone,
 * to repair; < 0, not held: -KM_EBUSY, this thread holds it; -KM_EFULL, it
 * holds as many locks as it can (7), or has no slot; -KM_EREADY, no shm pool to
 * write to.
 */
KM_API int km_rwlock_read(struct km_rwlock *rw, struct km_site *site);

/* Wait until nobody else has it, then hold it alone. Returns as for reading. */
KM_API int km_rwlock_write(struct km_rwlock *rw, struct km_site *site);

/* Of both. Returns 0, or -KM_EPERM when the caller does not hold it. */
KM_API int km_rwlock_release(struct km_rwlock *rw);

/* ---- a condition -------------------------------------------------------- */

/* Opaque: use the verbs. Zero memory is a condition. */
struct km_cond {
	uint32_t seq __attribute__((aligned(8)));
	uint32_t waiters;
};

#define lock_cond_init(cond)	   km_cond_init(cond)
#define lock_cond_wait(cond, lock) km_cond_wait((cond), (lock), KM_SITE())
#define lock_cond_signal(cond)	   km_cond_signal(cond)
#define lock_cond_broadcast(cond)  km_cond_broadcast(cond)

KM_API void km_cond_init(struct km_cond *cond);

/*
 * Release the lock, wait until somebody signals, and get the lock again. It may
 * return for no reason, and does after a second: so that a signal that has died
 * with who was to pass it on is missed no longer. Look at what you wait for, in
 * a loop. Returns as km_lock_get(); -KM_EPERM: the caller does not hold the
 * lock.
 */
KM_API int km_cond_wait(
    struct km_cond *cond, struct km_lock *lock, struct km_site *site);

/* Wake one who waits, or all; with the lock held when that was changed. */
KM_API void km_cond_signal(struct km_cond *cond);
KM_API void km_cond_broadcast(struct km_cond *cond);

#endif
