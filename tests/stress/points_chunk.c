/* SPDX-License-Identifier: ISC */
/* points_chunk.c - the chunk of a kmemd of which somebody is killed. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem/mem.h"
#include "mem/slot.h"
#include "tests/stress/points_chunk.h"

/* ---- slots -------------------------------------------------------------- */

const struct pool_slot *points_slot(uint32_t i)
{
	const struct km_pool *pool = pool_in_use(KM_SHM);

	return (const struct pool_slot *)pool_at(pool, pool->slots) + i;
}

uint32_t points_state(uint32_t i)
{
	return __atomic_load_n(&points_slot(i)->state, __ATOMIC_ACQUIRE);
}

uint32_t points_top(void)
{
	return __atomic_load_n(
	    &pool_in_use(KM_SHM)->top_slot, __ATOMIC_SEQ_CST);
}

unsigned points_live_slots(void)
{
	unsigned n = 0;

	for (uint32_t i = 0; i <= points_top(); i++)
		n += points_state(i) == SLOT_LIVE;
	return n;
}

bool points_is_live(pid_t pid)
{
	for (uint32_t i = 0; i <= points_top(); i++)
		if (points_state(i) == SLOT_LIVE && points_slot(i)->pid == pid)
			return true;
	return false;
}

static const struct pool_holds *holds_of(uint32_t i)
{
	const struct km_pool *pool = pool_in_use(KM_SHM);

	return (const struct pool_holds *)pool_at(pool, pool->holds) + i;
}

static bool holds_a_lock(uint32_t i)
{
	const struct pool_holds *holds = holds_of(i);
	bool any = holds->waits.lock != 0;

	for (unsigned n = 0; n < POOL_N_HOLDS; n++)
		any = any || holds->has[n].lock != 0;
	return any;
}

bool points_slots_are_well(pid_t dead, char *why, size_t size)
{
	for (uint32_t i = 0; i <= points_top(); i++) {
		const struct pool_slot *slot = points_slot(i);
		uint32_t state = points_state(i);

		if (slot_is_claimed(state) || state == SLOT_RECOVERING ||
		    (state == SLOT_LIVE && slot->pid == dead)) {
			snprintf(why, size, "slot %u of pid %d is in state %u",
			    i, (int)slot->pid, state);
			return false;
		}
		if (state == SLOT_DEAD &&
		    (slot->busy != 0 || slot->intent != 0)) {
			snprintf(why, size,
			    "dead slot %u of pid %d is busy with %" PRIx64
			    ", intent %u",
			    i, (int)slot->pid, slot->busy, slot->intent);
			return false;
		}
		if (state == SLOT_DEAD && holds_a_lock(i)) {
			snprintf(why, size, "dead slot %u of pid %d has a lock",
			    i, (int)slot->pid);
			return false;
		}
	}
	return true;
}

/* ---- changes ------------------------------------------------------------ */

static struct {
	char *bytes;  /* of the chunk, as it was */
	bool *is_hot; /* pages that change on the way */
	size_t size, page;
} copy;

int points_copy_open(void)
{
	const struct km_pool *pool = pool_in_use(KM_SHM);

	copy.size = pool->size;
	copy.page = (size_t)sysconf(_SC_PAGESIZE);
	copy.bytes = malloc(copy.size);
	copy.is_hot = calloc(copy.size / copy.page, sizeof(*copy.is_hot));
	if (copy.bytes == NULL || copy.is_hot == NULL)
		return -1;
	points_copy_again();
	return 0;
}

void points_copy_again(void)
{
	memcpy(copy.bytes, pool_in_use(KM_SHM), copy.size);
	memset(copy.is_hot, 0, copy.size / copy.page * sizeof(*copy.is_hot));
}

bool points_copy_changed(bool hot)
{
	const char *now = (const char *)pool_in_use(KM_SHM);
	bool yes = false;

	for (size_t i = 0; i < copy.size; i += copy.page)
		if ((!hot || copy.is_hot[i / copy.page]) &&
		    memcmp(copy.bytes + i, now + i, copy.page) != 0) {
			memcpy(copy.bytes + i, now + i, copy.page);
			copy.is_hot[i / copy.page] = true;
			yes = true;
		}
	return yes;
}

static void watch(const void *p)
{
	size_t at = (size_t)((const char *)p - (char *)pool_in_use(KM_SHM));

	copy.is_hot[at / copy.page] = true;
}

void points_copy_watch(uint32_t slot)
{
	watch(points_slot(slot));
	watch(holds_of(slot));
}
