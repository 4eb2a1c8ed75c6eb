/* SPDX-License-Identifier: ISC */
/* intent.c - allocation and publication as one step. */
#include "config.h"

#include <pthread.h>
#include <string.h>

#include "base/err.h"
#include "mem/heap.h"
#include "mem/intent.h"
#include "mem/manager.h"
#include "mem/oom.h"
#include "mem/site_table.h"
#include "mem/slot.h"

/* A mark: user addresses have 47 bits, a slot has 12. */
#define MARK_BIT	1u
#define MARK_SLOT_SHIFT 48

_Static_assert(sizeof(void *) == sizeof(uint64_t), "*where is a word");

static uint64_t mark_of(uint64_t p, uint32_t slot)
{
	return p | MARK_BIT | (uint64_t)slot << MARK_SLOT_SHIFT;
}

static uint64_t unmarked(uint64_t word)
{
	return (word & MARK_BIT) == 0
		   ? word
		   : (word & (((uint64_t)1 << MARK_SLOT_SHIFT) - 1)) - MARK_BIT;
}

static uint64_t load(const uint64_t *where)
{
	return __atomic_load_n(where, __ATOMIC_ACQUIRE);
}

static bool cas(uint64_t *where, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(
	    where, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static bool is_in_pool(const struct km_pool *pool, uint64_t where)
{
	uint64_t size = __atomic_load_n(&pool->size, __ATOMIC_RELAXED);

	return where % sizeof(uint64_t) == 0 && where - pool->base < size;
}

/* ---- one at a time ------------------------------------------------------ */

/* Where threads share a slot; of this process, so a kill leaves nothing. */
static pthread_mutex_t turn = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Whoever had it is not in the child. */
static void in_child(void)
{
	turn = (pthread_mutex_t)PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
}

static void prepare(void)
{
	pthread_atfork(NULL, NULL, in_child);
}

/* Of one call: the participant's words, and who it is. */
struct act {
	struct km_pool *pool;
	const struct manager *manager;
	struct pool_slot *slot;
	struct holding pending, freeing, normal, freed;
	uint32_t site; /* row */
};

static int turn_take(const struct act *act)
{
	if (!act->manager->is_slot_of_thread) {
		pthread_once(&once, prepare);
		if (pthread_mutex_lock(&turn) != 0)
			return -KM_EBUSY;
	}
	if (act->slot->intent == INTENT_NONE)
		return 0;
	if (!act->manager->is_slot_of_thread)
		pthread_mutex_unlock(&turn);
	return -KM_EBUSY;
}

static void act_init(
    struct act *act, struct km_pool *pool, uint32_t slot, uint32_t site)
{
	*act = (struct act){
		.pool = pool,
		.manager = manager_at(pool->manager),
		.slot = (struct pool_slot *)pool_at(pool, pool->slots) + slot,
		.pending = { slot, BLOCK_PENDING },
		.freeing = { slot, BLOCK_FREEING },
		.normal = { slot, BLOCK_NORMAL },
		.freed = { slot, BLOCK_FREE },
		.site = site,
	};
}

/* The fields first: a kill before the last store leaves nothing to settle. */
static int act_open(struct act *act, struct km_pool *pool, uint32_t site,
    uint64_t *where, uint64_t block, enum intent_op op)
{
	uint32_t slot;
	int rc;

	if (!is_in_pool(pool, (uintptr_t)where))
		return -KM_EINVAL;
	rc = manager_at(pool->manager)->slot(pool, &slot);
	if (rc != 0)
		return rc;
	act_init(act, pool, slot, site);
	rc = turn_take(act);
	if (rc != 0)
		return rc;
	__atomic_store_n(&act->slot->where, (uintptr_t)where, __ATOMIC_RELAXED);
	__atomic_store_n(&act->slot->block, block, __ATOMIC_RELAXED);
	__atomic_store_n(&act->slot->intent, op, __ATOMIC_RELEASE);
	return 0;
}

static void act_close(struct act *act)
{
	__atomic_store_n(&act->slot->intent, INTENT_NONE, __ATOMIC_RELEASE);
	if (!act->manager->is_slot_of_thread)
		pthread_mutex_unlock(&turn);
}

static bool change(const struct act *act, uint64_t p,
    const struct holding *from, const struct holding *to)
{
	return act->manager->change(
	    act->pool, (void *)(uintptr_t)p, from, to, act->site);
}

/* ---- malloc_to ---------------------------------------------------------- */

/* The intent is open; from PENDING to NORMAL, or free again. */
static int publish(struct act *act, struct request *req, uint64_t *where,
    intent_fill *fill, void *arg, void **out)
{
	uint64_t p;

	req->state = BLOCK_PENDING;
	req->note = &act->slot->block;
	req->slot = act->pending.slot;
	*out = act->manager->alloc(act->pool, req);
	if (*out == NULL)
		return -KM_ENOMEM;
	p = (uintptr_t)*out;
	memset(*out, 0, req->size);
	if (fill != NULL)
		fill(*out, arg);
	/* The commit. A kill before it frees the block, behind it settles it.
	 */
	if (!cas(where, 0, p)) {
		change(act, p, &act->pending, &act->freed);
		*out = NULL;
		return -KM_EEXIST;
	}
	change(act, p, &act->pending, &act->normal);
	return 0;
}

int intent_malloc_to(void **at, size_t size, struct km_site *site,
    intent_fill *fill, void *arg, void **out)
{
	uint64_t *where = (uint64_t *)at;
	struct request req;
	struct km_pool *pool = heap_request(KM_SHM, size, site, &req);
	struct act act;
	int rc;

	*out = NULL;
	if (pool == NULL)
		return -KM_EREADY;
	rc = act_open(&act, pool, req.site, where, 0, INTENT_MALLOC_TO);
	if (rc != 0)
		return rc;
	rc = load(where) == 0 ? publish(&act, &req, where, fill, arg, out)
			      : -KM_EEXIST;
	act_close(&act);
	if (rc == -KM_ENOMEM)
		oom_report(pool, size, site);
	return rc;
}

/* ---- free_from ---------------------------------------------------------- */

/*
 * The block becomes FREEING and *where NULL, then the block is free. A kill
 * behind the mark has recovery go on; the mark goes before the block does, so
 * that nobody finds the address of a block that is free.
 */
static int unpublish(struct act *act, uint64_t *where, uint64_t p)
{
	uint64_t mark = mark_of(p, act->freeing.slot);

	/* The commit. */
	if (!cas(where, p, mark))
		return -KM_ENOENT;
	if (!change(act, p, NULL, &act->freeing)) {
		cas(where, mark, p);
		return -KM_EINVAL;
	}
	cas(where, mark, 0);
	change(act, p, &act->freeing, &act->freed);
	return 0;
}

/* What is wrong with it, in the log: as shm_free() of it. */
static void report(struct km_pool *pool, uint64_t p, uint32_t site)
{
	struct misuse misuse = { 0 };

	if (manager_at(pool->manager)
		->look(pool, (void *)(uintptr_t)p, &misuse) != 0)
		misuse_report(pool, &misuse, "free_from", site);
}

int intent_free_from(void **at, struct km_site *site)
{
	uint64_t *where = (uint64_t *)at, p;
	struct request req;
	struct km_pool *pool = heap_request(KM_SHM, 0, site, &req);
	struct act act;
	int rc;

	if (pool == NULL)
		return -KM_EREADY;
	if (!is_in_pool(pool, (uintptr_t)where))
		return -KM_EINVAL;
	p = load(where);
	if (unmarked(p) != p || p == 0)
		return -KM_ENOENT;
	rc = act_open(&act, pool, req.site, where, p, INTENT_FREE_FROM);
	if (rc != 0)
		return rc;
	rc = unpublish(&act, where, p);
	act_close(&act);
	if (rc == -KM_EINVAL)
		report(pool, p, req.site);
	return rc;
}

void *intent_get(void *const *where)
{
	uint64_t p = load((const uint64_t *)where);

	return unmarked(p) == p ? (void *)(uintptr_t)p : NULL;
}

/* ---- recovery ----------------------------------------------------------- */

/*
 * A block that is PENDING has been published if *where has it, be it with
 * somebody's mark; else nobody knows of it.
 */
static void settle_malloc(const struct act *act, uint64_t *where, uint64_t p)
{
	change(act, p, &act->pending,
	    unmarked(load(where)) == p ? &act->normal : &act->freed);
}

static void settle_free(const struct act *act, uint64_t *where, uint64_t p)
{
	uint64_t mark = mark_of(p, act->freeing.slot);

	if (load(where) == mark) {
		change(act, p, NULL, &act->freeing);
		cas(where, mark, 0);
	}
	change(act, p, &act->freeing, &act->freed);
}

void intent_settle(struct km_pool *pool, uint32_t slot)
{
	uint64_t *where;
	struct act act;
	uint64_t p;

	act_init(&act, pool, slot, SITE_UNKNOWN);
	/* Its own words are what it makes of them: nothing is believed. */
	where = (uint64_t *)(uintptr_t)act.slot->where;
	p = act.slot->block;
	if (act.slot->intent == INTENT_NONE)
		return;
	if (p != 0 && is_in_pool(pool, (uintptr_t)where) &&
	    is_in_pool(pool, p)) {
		if (act.slot->intent == INTENT_MALLOC_TO)
			settle_malloc(&act, where, p);
		else if (act.slot->intent == INTENT_FREE_FROM)
			settle_free(&act, where, p);
	}
	__atomic_store_n(&act.slot->intent, INTENT_NONE, __ATOMIC_RELEASE);
}
