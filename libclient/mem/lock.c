/* SPDX-License-Identifier: ISC */
/* lock.c - the verbs of lock.h. */
#include "config.h"

#include "mem/lock.h"
#include "mem/robust.h"

struct km_lock *km_lock_init(struct km_lock *lock)
{
	if (lock == NULL || robust_init(&lock->mutex) != 0)
		return NULL;
	return lock;
}

void km_lock_destroy(struct km_lock *lock)
{
	if (lock != NULL)
		pthread_mutex_destroy(&lock->mutex);
}

int km_lock_get(struct km_lock *lock)
{
	return robust_get(&lock->mutex);
}

int km_lock_try(struct km_lock *lock)
{
	return robust_try(&lock->mutex);
}

int km_lock_release(struct km_lock *lock)
{
	return robust_release(&lock->mutex);
}
