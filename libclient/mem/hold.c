/* SPDX-License-Identifier: ISC */
/* hold.c - which locks a participant holds, and what it waits for. */
#include "config.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/hold.h"
#include "mem/lock.h"
#include "mem/manager.h"
#include "mem/robust.h"
#include "mem/site_table.h"
#include "mem/slab.h"

#define AWAIT_MS 1000 /* a wake is never lost: in case it is */

/* ---- futex, between processes ------------------------------------------- */

void hold_sleep(uint32_t *word, uint32_t value, unsigned ms)
{
	const struct timespec limit = { ms / 1000, ms % 1000 * 1000000L };

	syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
}

void hold_wake(uint32_t *word, int n)
{
	syscall(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0);
}

/* The half of a note that changes with every lock: its low bits. */
static uint32_t *low_half(uint64_t *word)
{
	return (uint32_t *)word + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

/* ---- notes -------------------------------------------------------------- */

/* NULL: not a shm pool. */
static struct pool_holds *holds_of(const struct km_pool *pool, uint32_t slot)
{
	return pool->holds.bytes != 0
		   ? (struct pool_holds *)pool_at(pool, pool->holds) + slot
		   : NULL;
}

/* The caller's notes; NULL and why: it takes no part. */
static struct pool_holds *of_caller(struct km_pool **pool, int *rc)
{
	uint32_t slot;

	*rc = pool_begin(KM_SHM, pool);
	if (*rc != 0) {
		*rc = -KM_EREADY;
		return NULL;
	}
	*rc = manager_at((*pool)->manager)->slot(*pool, &slot);
	return *rc == 0 ? holds_of(*pool, slot) : NULL;
}

static uint64_t word_of(const void *lock, enum hold_kind kind)
{
	return (uintptr_t)lock | (uint64_t)kind;
}

static uint32_t now(const struct km_pool *pool)
{
	return slab_tag_epoch(__atomic_load_n(&pool->clock, __ATOMIC_RELAXED));
}

static void describe(
    struct km_pool *pool, struct pool_hold *hold, struct km_site *site)
{
	hold->site = site_intern(pool, site);
	hold->since = now(pool);
}

/* A place that only this thread uses needs no CAS, where it needs no fence. */
static bool take(const struct km_pool *pool, uint64_t *place, uint64_t word)
{
	uint64_t none = 0;

	if (__atomic_load_n(place, __ATOMIC_RELAXED) != 0)
		return false;
	if ((word & HOLD_SHARED) != 0 ||
	    !manager_at(pool->manager)->is_slot_of_thread)
		return __atomic_compare_exchange_n(place, &none, word, false,
		    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	__atomic_store_n(place, word, __ATOMIC_RELEASE);
	return true;
}

int hold_add(const void *lock, enum hold_kind kind, struct km_site *site)
{
	struct km_pool *pool;
	int rc;
	struct pool_holds *mine = of_caller(&pool, &rc);

	for (unsigned i = 0; rc == 0 && i < POOL_N_HOLDS; i++)
		if (take(pool, &mine->has[i].lock, word_of(lock, kind))) {
			describe(pool, &mine->has[i], site);
			return 0;
		}
	return rc != 0 ? rc : -KM_EFULL;
}

static uint64_t *find(struct pool_holds *mine, uint64_t word)
{
	for (unsigned i = 0; mine != NULL && i < POOL_N_HOLDS; i++)
		if ((__atomic_load_n(&mine->has[i].lock, __ATOMIC_RELAXED) &
			~(uint64_t)HOLD_AWAITED) == word)
			return &mine->has[i].lock;
	return NULL;
}

/*
 * Who waits for a reader waits on this word, so that nothing of a lock is
 * touched that may be gone by now. Alone, the mutex tells.
 */
static void clear(uint64_t *word)
{
	uint64_t old = __atomic_load_n(word, __ATOMIC_RELAXED);

	if ((old & HOLD_SHARED) == 0) {
		__atomic_store_n(word, 0, __ATOMIC_RELEASE);
		return;
	}
	old = __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST);
	if ((old & HOLD_AWAITED) != 0)
		hold_wake(low_half(word), INT32_MAX);
}

bool hold_remove(const void *lock, enum hold_kind kind)
{
	struct km_pool *pool;
	int rc;
	uint64_t *word = find(of_caller(&pool, &rc), word_of(lock, kind));

	if (word != NULL)
		clear(word);
	return word != NULL;
}

bool hold_is_mine(const void *lock, enum hold_kind kind)
{
	struct km_pool *pool;
	int rc;
	struct pool_holds *mine = of_caller(&pool, &rc);

	return mine != NULL && manager_at(pool->manager)->is_slot_of_thread &&
	       find(mine, word_of(lock, kind)) != NULL;
}

void hold_wait(const void *lock, enum hold_kind kind, struct km_site *site)
{
	struct km_pool *pool;
	int rc;
	struct pool_holds *mine = of_caller(&pool, &rc);

	if (mine == NULL)
		return;
	describe(pool, &mine->waits, site);
	__atomic_store_n(
	    &mine->waits.lock, word_of(lock, kind), __ATOMIC_RELEASE);
}

void hold_wait_end(void)
{
	struct km_pool *pool;
	int rc;
	struct pool_holds *mine = of_caller(&pool, &rc);

	if (mine != NULL)
		__atomic_store_n(&mine->waits.lock, 0, __ATOMIC_RELEASE);
}

int hold_get_mutex(
    const void *lock, pthread_mutex_t *mutex, struct km_site *site)
{
	int rc = robust_try(mutex);

	if (rc != -KM_EBUSY)
		return rc;
	hold_wait(lock, HOLD_ALONE, site);
	rc = robust_get(mutex);
	hold_wait_end();
	return rc;
}

_Static_assert(offsetof(struct km_lock, mutex) == 0 &&
		   offsetof(struct km_rwlock, mutex) == 0,
    "the address of a lock is that of its mutex");

/* Who waits for the same: the wake of one may have gone with the dead. */
static void wake_others(uint64_t waits)
{
	if (waits != 0 && (waits & HOLD_KIND_MASK) == HOLD_ALONE)
		robust_wake((pthread_mutex_t *)(uintptr_t)waits);
}

void hold_clear(struct km_pool *pool, uint32_t slot)
{
	struct pool_holds *holds = holds_of(pool, slot);

	if (holds == NULL)
		return;
	for (unsigned i = 0; i < POOL_N_HOLDS; i++)
		clear(&holds->has[i].lock);
	wake_others(
	    __atomic_exchange_n(&holds->waits.lock, 0, __ATOMIC_SEQ_CST));
}

/* ---- a writer ----------------------------------------------------------- */

static bool is_live(const struct pool_slot *slot)
{
	return __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) == SLOT_LIVE;
}

/* Whether it is the reader's note still, marked so that its end is told. */
static bool is_marked(uint64_t *word, uint64_t reader)
{
	uint64_t seen = reader;

	return __atomic_compare_exchange_n(word, &seen, reader | HOLD_AWAITED,
		   false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
	       seen == (reader | HOLD_AWAITED);
}

static void await_one(
    const struct pool_slot *slot, uint64_t *word, uint64_t reader)
{
	while ((__atomic_load_n(word, __ATOMIC_SEQ_CST) | HOLD_AWAITED) ==
		   (reader | HOLD_AWAITED) &&
	       is_live(slot) && is_marked(word, reader))
		hold_sleep(low_half(word), (uint32_t)(reader | HOLD_AWAITED),
		    AWAIT_MS);
}

void hold_await_readers(const void *lock)
{
	uint64_t reader = word_of(lock, HOLD_SHARED);
	struct km_pool *pool = pool_in_use(KM_SHM);
	const struct pool_slot *slot;
	struct pool_holds *holds;
	uint32_t n;

	if (pool == NULL)
		return;
	slot = pool_at(pool, pool->slots);
	holds = holds_of(pool, 0);
	n = __atomic_load_n(&pool->top_slot, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i <= n && i < pool->n_slots; i++)
		for (unsigned k = 0; k < POOL_N_HOLDS && is_live(&slot[i]); k++)
			await_one(&slot[i], &holds[i].has[k].lock, reader);
}
