/* SPDX-License-Identifier: ISC */
/* slot.c - giving out the slots of a pool. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/manager.h"
#include "mem/slot.h"
#include "mem/view.h"

static struct pool_slot *slot_at(struct km_pool *pool, uint32_t slot)
{
	return (struct pool_slot *)pool_at(pool, pool->slots) + slot;
}

/* A kill behind the CAS leaves it CLAIMED: one slot less. */
static bool take(struct pool_slot *s)
{
	uint32_t state = SLOT_FREE;

	return __atomic_compare_exchange_n(&s->state, &state, SLOT_CLAIMED,
	    false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static int find_free(struct km_pool *pool, uint32_t *slot)
{
	for (uint32_t i = 0; i < pool->n_slots; i++)
		if (take(slot_at(pool, i))) {
			*slot = i;
			return 0;
		}
	return -KM_EFULL;
}

/* By CAS: somebody else who does the same may have given it out already. */
static void free_if_over(struct pool_slot *s)
{
	uint32_t state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);

	if (state == SLOT_DEAD || state == SLOT_LEFT)
		__atomic_compare_exchange_n(&s->state, &state, SLOT_FREE, false,
		    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/*
 * Dead slots that no live block names become free: one walk over the pool,
 * when all slots have been used.
 */
static int free_the_dead(struct km_pool *pool)
{
	struct view_block block;
	struct view_walk walk = { 0 };
	struct view *view;
	char *named = calloc(pool->n_slots, 1);
	int rc = -KM_ENOMEM;

	if (named == NULL)
		return rc;
	rc = view_open_map(pool, pool->max_size, &view);
	if (rc != 0)
		goto out;
	while ((rc = view_next(view, &walk, &block)) == 1)
		if (block.owner < pool->n_slots)
			named[block.owner] = 1;
	for (uint32_t i = 0; rc == 0 && i < pool->n_slots; i++)
		if (!named[i])
			free_if_over(slot_at(pool, i));
	view_close(&view);
out:
	free(named);
	return rc;
}

int slot_claim(struct km_pool *pool, uint32_t *slot)
{
	int rc = find_free(pool, slot);

	if (rc == -KM_EFULL && free_the_dead(pool) == 0)
		rc = find_free(pool, slot);
	return rc;
}

void slot_set(struct km_pool *pool, uint32_t slot, int32_t pid, int32_t rank,
    const char *name)
{
	struct pool_slot *s = slot_at(pool, slot);

	s->pid = pid;
	s->rank = rank;
	s->start_time = slot_process_start_time(pid);
	snprintf(s->name, sizeof(s->name), "%s", name);
	__atomic_store_n(&s->state, SLOT_LIVE, __ATOMIC_RELEASE);
}

/*
 * RECOVERING until all is settled. A kill in here leaves the slot so: it is
 * not given out again, and to settle it once more would do no harm.
 */
void slot_dead(struct km_pool *pool, uint32_t slot)
{
	const struct manager *manager = manager_at(pool->manager);
	uint32_t *state = &slot_at(pool, slot)->state;

	__atomic_store_n(state, SLOT_RECOVERING, __ATOMIC_RELEASE);
	if (manager->recover != NULL)
		manager->recover(pool, slot);
	__atomic_store_n(state, SLOT_DEAD, __ATOMIC_RELEASE);
}

void slot_dead_process(struct km_pool *pool, uint32_t slot)
{
	const struct pool_slot *main = slot_at(pool, slot), *s;

	for (uint32_t i = 0; i < pool->n_slots; i++) {
		s = slot_at(pool, i);
		if (i != slot && s->state == SLOT_LIVE && s->pid == main->pid &&
		    s->start_time == main->start_time)
			slot_dead(pool, i);
	}
	slot_dead(pool, slot);
}

void slot_left(struct km_pool *pool, uint32_t slot)
{
	__atomic_store_n(
	    &slot_at(pool, slot)->state, SLOT_LEFT, __ATOMIC_RELEASE);
}

int slot_join(struct km_pool *pool, uint32_t *slot)
{
	const struct pool_slot *s =
	    slot_at(pool, pool_slot_in_use((enum km_pool_kind)pool->kind));
	char name[POOL_NAME_SIZE];
	int rc = slot_claim(pool, slot);

	if (rc != 0)
		return rc;
	memcpy(name, s->name, sizeof(name));
	slot_set(pool, *slot, (int32_t)getpid(), s->rank, name);
	return 0;
}

uint64_t slot_process_start_time(int32_t pid)
{
	char path[64], stat[1024];
	uint64_t ticks = 0;
	const char *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/stat", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fgets(stat, sizeof(stat), f) != NULL) {
		/* The name in parentheses may hold anything: count from ')'. */
		p = strrchr(stat, ')');
		for (int field = 2; p != NULL && field < 22; field++)
			p = strchr(p + 1, ' ');
		if (p != NULL)
			ticks = strtoull(p, NULL, 10);
	}
	fclose(f);
	return ticks;
}
