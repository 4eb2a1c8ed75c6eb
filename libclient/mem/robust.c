/* SPDX-License-Identifier: ISC */
/* robust.c - POSIX robust mutexes with this project's results. */
#include "config.h"

#include <errno.h>
#include <time.h>

#include "mem/hold.h"
#include "mem/lock.h"
#include "mem/robust.h"

#define AGAIN_S 1

int robust_init(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;
	int rc;

	if (pthread_mutexattr_init(&attr) != 0)
		return -KM_ESYS;
	/* ERRORCHECK: who already holds it is told instead of left hanging. */
	rc = pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	if (rc == 0)
		rc =
		    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (rc == 0)
		rc = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (rc == 0)
		rc = pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return rc == 0 ? 0 : -KM_ESYS;
}

/* What pthread_mutex_lock() or _trylock() said, in our words. */
static int result_of(pthread_mutex_t *mutex, int err)
{
	switch (err) {
	case 0:
		return KM_LOCK_HELD;
	case EOWNERDEAD:
		/*
		 * Consistent at once: the caller is told and repairs. A kill
		 * before this line makes the next one see EOWNERDEAD again.
		 */
		pthread_mutex_consistent(mutex);
		return KM_LOCK_OWNER_DIED;
	case EBUSY:
	case EDEADLK:
		return -KM_EBUSY;
	default:
		return -KM_EINVAL;
	}
}

/*
 * Whoever is woken and killed before it has the mutex takes the wake with it:
 * if somebody else got the mutex in between, nothing in it says that others
 * sleep, and neither he nor the kernel wakes them. So they look again by
 * themselves, should recovery (robust_wake) not come.
 */
int robust_get(pthread_mutex_t *mutex)
{
	int err = pthread_mutex_trylock(mutex);
	struct timespec until;

	while (err == EBUSY || err == ETIMEDOUT) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += AGAIN_S;
		err = pthread_mutex_timedlock(mutex, &until);
	}
	return result_of(mutex, err);
}

/* The word that glibc sleeps on: its contents are not looked at. */
void robust_wake(pthread_mutex_t *mutex)
{
	hold_wake((uint32_t *)&mutex->__data.__lock, INT32_MAX);
}

int robust_try(pthread_mutex_t *mutex)
{
	return result_of(mutex, pthread_mutex_trylock(mutex));
}

int robust_release(pthread_mutex_t *mutex)
{
	return pthread_mutex_unlock(mutex) == 0 ? 0 : -KM_EPERM;
}
