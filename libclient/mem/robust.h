/* SPDX-License-Identifier: ISC */
/* robust.h - a mutex between processes that survives its holder. */
#ifndef KMEM_MEM_ROBUST_H
#define KMEM_MEM_ROBUST_H
/*
 * A thin layer over POSIX robust mutexes, for lock.h and for qm.
 * Concurrency: between threads and processes that map it.
 */
#include <pthread.h>

/* Returns 0, or -KM_ESYS. */
int robust_init(pthread_mutex_t *mutex);

/* Returns enum km_lock_state when held; -KM_EBUSY (mine already); -KM_EINVAL.
 */
int robust_get(pthread_mutex_t *mutex);

/* The same, without waiting: -KM_EBUSY when anybody has it. */
int robust_try(pthread_mutex_t *mutex);

/*
 * Who waits for it looks again: after a death of one who waited as well, with
 * whom a wake may have gone. The mutex itself is not touched: it may be gone.
 */
void robust_wake(pthread_mutex_t *mutex);

/* Returns 0; -KM_EPERM: not held by this thread. */
int robust_release(pthread_mutex_t *mutex);

#endif
