/* SPDX-License-Identifier: ISC */
/* rwlock.c - many readers or one writer, whoever of them dies. */
#include "config.h"

#include "mem/hold.h"
#include "mem/lock.h"
#include "mem/robust.h"

/*
 * A reader notes in its own slot that it has the lock, then looks whether there
 * is a writer.  A writer takes the mutex, says that it is there, then waits for
 * the notes of readers to go.  Both have a full fence in between, so one of the
 * two sees the other.  A reader that sees a writer takes its note back, and
 * waits at the mutex.
 *
 * Nothing of a reader is in the lock, so its death leaves nothing there; its
 * note goes with its slot.  A writer's death is told by the mutex, and `writer`
 * says whether it had begun to write.
 */
enum {
	RW_NONE,
	RW_COMING, /* it waits for readers */
	RW_IN
};

static void set_writer(struct km_rwlock *rw, uint32_t state)
{
	__atomic_store_n(&rw->writer, state, __ATOMIC_SEQ_CST);
}

struct km_rwlock *km_rwlock_init(struct km_rwlock *rw)
{
	if (rw == NULL || robust_init(&rw->mutex) != 0)
		return NULL;
	set_writer(rw, RW_NONE);
	return rw;
}

void km_rwlock_destroy(struct km_rwlock *rw)
{
	if (rw != NULL)
		pthread_mutex_destroy(&rw->mutex);
}

/* With the mutex: a writer that has released it has set RW_NONE before. */
static bool is_broken(const struct km_rwlock *rw)
{
	return rw->writer == RW_IN;
}

/* It has the mutex: alone, when readers have gone. Returns as rwlock_write. */
static int become_writer(struct km_rwlock *rw, struct km_site *site)
{
	bool broken = is_broken(rw);
	int rc = hold_add(rw, HOLD_ALONE, site);

	if (rc != 0) {
		/* What is broken stays so: the next one is told. */
		robust_release(&rw->mutex);
		return rc;
	}
	/* Killed from here on, it has not written; but what is broken stays so.
	 */
	set_writer(rw, broken ? RW_IN : RW_COMING);
	hold_wait(rw, HOLD_ALONE, site);
	hold_await_readers(rw);
	hold_wait_end();
	set_writer(rw, RW_IN);
	return broken ? KM_LOCK_OWNER_DIED : KM_LOCK_HELD;
}

int km_rwlock_write(struct km_rwlock *rw, struct km_site *site)
{
	int rc;

	if (hold_is_mine(rw, HOLD_SHARED))
		return -KM_EBUSY;
	rc = hold_get_mutex(rw, &rw->mutex, site);
	return rc < 0 ? rc : become_writer(rw, site);
}

/* There is a writer, or was: behind the mutex there is none. */
static int read_behind(struct km_rwlock *rw, struct km_site *site)
{
	int rc = hold_get_mutex(rw, &rw->mutex, site);

	if (rc < 0)
		return rc;
	if (is_broken(rw))
		return become_writer(rw, site);
	set_writer(rw, RW_NONE);
	rc = hold_add(rw, HOLD_SHARED, site);
	robust_release(&rw->mutex);
	return rc;
}

int km_rwlock_read(struct km_rwlock *rw, struct km_site *site)
{
	int rc;

	if (hold_is_mine(rw, HOLD_SHARED) || hold_is_mine(rw, HOLD_ALONE))
		return -KM_EBUSY;
	rc = hold_add(rw, HOLD_SHARED, site);
	if (rc != 0)
		return rc;
	if (__atomic_load_n(&rw->writer, __ATOMIC_SEQ_CST) == RW_NONE)
		return KM_LOCK_HELD;
	hold_remove(rw, HOLD_SHARED);
	return read_behind(rw, site);
}

/* A kill before RW_NONE has the next one repair what is whole. */
int km_rwlock_release(struct km_rwlock *rw)
{
	if (hold_remove(rw, HOLD_SHARED))
		return 0;
	if (!hold_remove(rw, HOLD_ALONE))
		return -KM_EPERM;
	set_writer(rw, RW_NONE);
	return robust_release(&rw->mutex);
}
