/* SPDX-License-Identifier: ISC */
/* pool.c - making a pool, and which ones this process uses. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/tune.h"
#include "mem/clock.h"
#include "mem/manager.h"
#include "mem/qm.h"
#include "mem/slab_part.h"
#include "mem/pool.h"
#include "mem/site_table.h"
#include "mem/slot.h"

#define REGION_ALIGN 64 /* bytes: a cache line */

static struct {
	struct km_pool *pool[KM_POOL_KIND__COUNT];
	uint32_t slot[KM_POOL_KIND__COUNT];
	bool is_observed[KM_POOL_KIND__COUNT];
	pool_starter start[KM_POOL_KIND__COUNT]; /* NULL: nothing to do */
} used;

static uint64_t round_up(uint64_t bytes)
{
	return (bytes + REGION_ALIGN - 1) / REGION_ALIGN * REGION_ALIGN;
}

static void lay_out(struct km_pool *pool, const struct pool_options *opt)
{
	uint64_t at = round_up(sizeof(*pool));

	pool->n_slots = opt->n_slots;
	pool->slots.bytes = at;
	at += round_up(opt->n_slots * sizeof(struct pool_slot));
	if (opt->kind == KM_SHM) {
		pool->holds.bytes = at;
		at += round_up(opt->n_slots * sizeof(struct pool_holds));
	}
	pool->n_sites = site_table_rows(opt->size);
	pool->sites.bytes = at;
	at += round_up(site_table_size(pool->n_sites));
	pool->data.bytes = at;
}

/*
 * A word that changes with every size and place a reader relies on, of which
 * etc/gdb/kmem.py is one: it has the same facts, in the same order.
 */
uint32_t pool_layout_hash(void)
{
	const uint64_t facts[] = {
		sizeof(struct km_pool),
		offsetof(struct km_pool, account),
		sizeof(struct pool_slot),
		sizeof(struct pool_holds),
		sizeof(struct site_table),
		sizeof(struct site_row),
		sizeof(struct qm_block),
		sizeof(struct qm_frag),
		sizeof(struct qm_frag_end),
		QM_N_LISTS,
		sizeof(struct slab),
		sizeof(struct slab_page),
		sizeof(struct slab_side),
		slab_classes_hash(),
		sizeof(pthread_mutex_t),
	};
	uint64_t hash = POOL_ABI;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		hash = (hash ^ facts[i]) * 0x9e3779b97f4a7c15ULL;
	return (uint32_t)(hash >> 32);
}

static uint32_t new_generation(void)
{
	static uint32_t count;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (((uint32_t)now.tv_nsec ^ (uint32_t)getpid() << 16) + ++count) |
	       1;
}

size_t pool_min_size(uint32_t n_slots)
{
	const struct manager *manager;
	size_t most = 0;

	for (uint32_t id = MANAGER_NONE + 1; id < MANAGER__COUNT; id++) {
		manager = manager_at(id);
		if (manager->min_size > most)
			most = manager->min_size;
	}
	return round_up(sizeof(struct km_pool)) +
	       round_up(n_slots * sizeof(struct pool_slot)) +
	       round_up(n_slots * sizeof(struct pool_holds)) +
	       round_up(site_table_size(site_table_rows(0))) + most;
}

bool pool_has_manager(const char *name)
{
	uint32_t id;

	return manager_find(name, &id) != NULL;
}

int pool_create(
    void *base, const struct pool_options *opt, struct km_pool **out)
{
	struct km_pool *pool = base;
	const struct manager *manager;
	uint32_t id;
	int rc;

	manager = manager_find(opt->manager, &id);
	if (manager == NULL || opt->n_slots == 0 ||
	    (opt->max_size > opt->size && manager->grow == NULL))
		return -KM_EINVAL;
	if (opt->size < pool_min_size(opt->n_slots))
		return -KM_ERANGE;

	pool->abi = POOL_ABI;
	pool->layout_hash = pool_layout_hash();
	pool->service = opt->service;
	pool->kind = opt->kind;
	pool->manager = id;
	pool->base = (uintptr_t)base;
	pool->size = opt->size;
	pool->max_size = opt->max_size > opt->size ? opt->max_size : opt->size;
	pool->generation = new_generation();
	pool->created = (uint64_t)time(NULL);
	snprintf(pool->name, sizeof(pool->name), "%s", opt->name);
	lay_out(pool, opt);
	site_table_init(pool);
	clock_tick(&pool->clock);
	clock_trace(&pool->clock, tune_is_traced(km_tune));
	rc = manager->init(pool, opt);
	if (rc != 0)
		return rc;
	/* Last: memory without the magic is no pool. */
	__atomic_store_n(&pool->magic, POOL_MAGIC, __ATOMIC_RELEASE);
	*out = pool;
	return 0;
}

void pool_set_owner(struct km_pool *pool, int32_t pid, const char *name)
{
	pool->owner_pid = pid;
	pool->start_time = slot_process_start_time(pid);
	pool->status_at = 0;
	snprintf(pool->name, sizeof(pool->name), "%s", name);
}

void pool_use(enum km_pool_kind kind, struct km_pool *pool, uint32_t slot)
{
	used.slot[kind] = slot;
	used.is_observed[kind] = false;
	slab_use(kind, pool, slot);
	/* Last: from here on other threads join. */
	__atomic_store_n(&used.pool[kind], pool, __ATOMIC_RELEASE);
	/* Last: who sees that nothing is left to do sees the pool. */
	pool_set_starter(kind, NULL);
	if (kind == KM_PKG)
		mem_block = pool != NULL && pool->manager == MANAGER_QM
				? qm_block_of(pool)
				: NULL;
}

void pool_observe(enum km_pool_kind kind, struct km_pool *pool)
{
	pool_use(kind, NULL, 0);
	used.is_observed[kind] = true;
	used.pool[kind] = pool;
}

void pool_set_starter(enum km_pool_kind kind, pool_starter start)
{
	__atomic_store_n(&used.start[kind], start, __ATOMIC_RELEASE);
}

int pool_begin(enum km_pool_kind kind, struct km_pool **pool)
{
	pool_starter start =
	    __atomic_load_n(&used.start[kind], __ATOMIC_ACQUIRE);
	int rc = start != NULL ? start() : 0;

	if (rc != 0)
		return rc;
	*pool = pool_in_use(kind);
	if (*pool == NULL)
		return -KM_EREADY;
	return used.is_observed[kind] ? -KM_EPERM : 0;
}

struct km_pool *pool_in_use(enum km_pool_kind kind)
{
	return __atomic_load_n(&used.pool[kind], __ATOMIC_ACQUIRE);
}

uint32_t pool_slot_in_use(enum km_pool_kind kind)
{
	return used.slot[kind];
}

uint32_t pool_slot_of_thread(enum km_pool_kind kind)
{
	const struct km_pool *pool = pool_in_use(kind);

	if (pool == NULL)
		return POOL_NO_SLOT;
	return pool->manager == MANAGER_SLAB ? slab_slot_of_thread(kind)
					     : used.slot[kind];
}
