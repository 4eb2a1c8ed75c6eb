/* SPDX-License-Identifier: ISC */
/* lock.c - the verbs of lock.h: locks and conditions. */
#include "config.h"

#include "mem/hold.h"
#include "mem/lock.h"
#include "mem/robust.h"

#define WAIT_MS 1000 /* a wake may have died with who was to pass it on */

/* ---- locks -------------------------------------------------------------- */

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

/* The note is for others to see: where there is no room, it is left out. */
static int got(struct km_lock *lock, int rc, struct km_site *site)
{
	if (rc >= 0)
		hold_add(lock, HOLD_ALONE, site);
	return rc;
}

int km_lock_get(struct km_lock *lock, struct km_site *site)
{
	return got(lock, hold_get_mutex(lock, &lock->mutex, site), site);
}

int km_lock_try(struct km_lock *lock, struct km_site *site)
{
	return got(lock, robust_try(&lock->mutex), site);
}

/* A kill in between leaves a mutex without a note: the next one is told. */
int km_lock_release(struct km_lock *lock)
{
	hold_remove(lock, HOLD_ALONE);
	return robust_release(&lock->mutex);
}

/* ---- conditions --------------------------------------------------------- */

void km_cond_init(struct km_cond *cond)
{
	*cond = (struct km_cond){ 0, 0 };
}

/*
 * Who changes the condition holds the lock, so `seq` is read before that can
 * be, and the change is told behind it: no wake is missed. `waiters` only saves
 * a system call; a kill leaves it too large.
 */
int km_cond_wait(
    struct km_cond *cond, struct km_lock *lock, struct km_site *site)
{
	uint32_t seq = __atomic_load_n(&cond->seq, __ATOMIC_ACQUIRE);
	int rc;

	__atomic_add_fetch(&cond->waiters, 1, __ATOMIC_SEQ_CST);
	rc = km_lock_release(lock);
	if (rc == 0) {
		hold_wait(cond, HOLD_CONDITION, site);
		hold_sleep(&cond->seq, seq, WAIT_MS);
		hold_wait_end();
	}
	__atomic_sub_fetch(&cond->waiters, 1, __ATOMIC_RELEASE);
	return rc == 0 ? km_lock_get(lock, site) : rc;
}

static void wake(struct km_cond *cond, int n)
{
	__atomic_add_fetch(&cond->seq, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&cond->waiters, __ATOMIC_SEQ_CST) != 0)
		hold_wake(&cond->seq, n);
}

void km_cond_signal(struct km_cond *cond)
{
	wake(cond, 1);
}

void km_cond_broadcast(struct km_cond *cond)
{
	wake(cond, INT32_MAX);
}
