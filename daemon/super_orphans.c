/* SPDX-License-Identifier: ISC */
/* super_orphans.c - what a dead process has left in shm. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/chunk.h"
#include "daemon/jobs.h"
#include "daemon/proc.h"
#include "daemon/reason.h"
#include "daemon/roots.h"
#include "daemon/scan.h"
#include "daemon/super_orphans.h"
#include "mem/manager.h"
#include "mem/slot.h"
#include "mem/status.h"

#define SITES_TOLD 3 /* of the log line: those with most bytes */

struct estate {
	TAILQ_ENTRY(estate) link;
	char who[PROC_DESC_SIZE + 32]; /* "worker 1 (pid 4711)" */
	struct pool_slot dead;
	struct site_sums sums;
	uint64_t blocks, bytes;
	uint64_t freed; /* blocks that it owned, or was about to free */
};
TAILQ_HEAD(estates, estate);

/*
 * One walk is for all that have died before it began; who dies meanwhile waits
 * for the next one. So a crowd that dies at once costs two.
 */
static struct {
	struct job job; /* first: a job is the walk */
	bool is_running;
	struct estates waiting, walked;
	struct scan scan;
	struct roots roots;
	struct estate **of_slot; /* whose the slots of the dead were */
} walk = {
	.waiting = TAILQ_HEAD_INITIALIZER(walk.waiting),
	.walked = TAILQ_HEAD_INITIALIZER(walk.walked),
};

static void free_estates(struct estates *estates)
{
	struct estate *estate;

	while ((estate = TAILQ_FIRST(estates)) != NULL) {
		TAILQ_REMOVE(estates, estate, link);
		site_sums_fini(&estate->sums);
		free(estate);
	}
}

static void end_walk(void)
{
	jobs_end(&walk.job);
	roots_free(&walk.roots);
	scan_close(&walk.scan);
	free_estates(&walk.walked);
	free(walk.of_slot);
	walk.of_slot = NULL;
	walk.is_running = false;
}

/* "3000 bytes in 10 blocks from core: a.c: f(1), ..." into buf. */
static void sites_text(struct estate *estate, char *buf, size_t size)
{
	char site[VIEW_SITE_SIZE];
	size_t len = 0;

	site_sums_sort(&estate->sums, SITES_BY_SIZE);
	for (uint32_t i = 0; i < estate->sums.n && i < SITES_TOLD; i++) {
		const struct site_sum *sum = &estate->sums.sum[i];

		len += (size_t)snprintf(buf + len, size - len,
		    "%s%" PRIu64 " bytes in %" PRIu64 " from %s",
		    i > 0 ? ", " : "", sum->size, sum->count,
		    view_site_text(
			walk.scan.view, sum->site, site, sizeof(site)));
		if (len >= size)
			return;
	}
	if (estate->sums.n > SITES_TOLD)
		snprintf(buf + len, size - len, ", and %u more sites",
		    estate->sums.n - SITES_TOLD);
}

static void tell(struct estate *estate)
{
	char sites[SITES_TOLD * (VIEW_SITE_SIZE + 64)];

	if (estate->freed > 0)
		LM_NOTICE("%s: %" PRIu64 " blocks that it owned in shm are "
			  "free now",
		    estate->who, estate->freed);
	if (estate->blocks == 0) {
		LM_DBG("%s has left nothing in shm", estate->who);
		return;
	}
	sites_text(estate, sites, sizeof(sites));
	LM_NOTICE("%s has left %" PRIu64 " bytes in %" PRIu64
		  " blocks of shm (shm.orphans): %s",
	    estate->who, estate->bytes, estate->blocks, sites);
}

static bool is_of(const struct estate *estate, const struct pool_slot *slot)
{
	return slot_is_dead(slot) && slot->pid == estate->dead.pid &&
	       slot->start_time == estate->dead.start_time;
}

/* The slot may have been given out again since the walk began. */
static struct estate *estate_of(const struct view_block *block)
{
	struct estate *estate = NULL;
	struct pool_slot slot;

	if (view_slot(walk.scan.view, block->owner, &slot) == 0)
		estate = walk.of_slot[block->owner];
	return estate != NULL && is_of(estate, &slot) ? estate : NULL;
}

/*
 * What it owned, and what it was about to free: a supervisor that was killed in
 * shm.reap, or in here, has made a run of pages its own before (slab_change()).
 * That one is no estate of its.
 */
static bool goes_with_it(const struct view_block *block)
{
	return block->state == BLOCK_OWNED || block->state == BLOCK_FREEING;
}

static void take_stock(const struct view_block *block)
{
	struct estate *estate = estate_of(block);
	struct km_pool *pool = chunk_pool();
	const struct holding held = { block->owner, block->state };
	const struct holding freed = { block->owner, BLOCK_FREE };

	if (estate == NULL)
		return;
	if (goes_with_it(block)) {
		estate->freed +=
		    manager_at(pool->manager)
			->change(pool, (void *)(uintptr_t)block->addr, &held,
			    &freed, block->site);
		return;
	}
	if (roots_have(&walk.roots, block))
		return;
	site_sums_add(&estate->sums, block);
	estate->blocks++;
	estate->bytes += block->size;
}

static void start_walk(void);

static void step(struct job *job)
{
	struct estate *estate;
	enum scan_found found;

	scan_begin_slice(&walk.scan);
	while ((found = scan_next(&walk.scan)) < SCAN_LATER)
		if (found == SCAN_BLOCK)
			take_stock(&walk.scan.block);
	if (found != SCAN_END)
		return;
	TAILQ_FOREACH(estate, &walk.walked, link)
	tell(estate);
	end_walk();
	start_walk();
}

/* Which slots were whose. */
static int find_slots(void)
{
	struct view *view = walk.scan.view;
	uint32_t n = view_header(view)->n_slots;
	struct pool_slot slot;
	struct estate *estate;

	walk.of_slot = calloc(n, sizeof(struct estate *));
	if (walk.of_slot == NULL)
		return -KM_ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		if (view_slot(view, i, &slot) != 0 || !slot_is_dead(&slot))
			continue;
		TAILQ_FOREACH(estate, &walk.walked, link)
		if (is_of(estate, &slot))
			walk.of_slot[i] = estate;
	}
	return 0;
}

static int open_walk(void)
{
	struct estate *estate;
	int rc = scan_open(&walk.scan, NULL);

	if (rc == 0)
		rc = roots_read(&walk.roots, walk.scan.view);
	if (rc == 0)
		rc = find_slots();
	TAILQ_FOREACH(estate, &walk.walked, link)
	if (rc == 0)
		rc = site_sums_init(&estate->sums, walk.scan.view);
	return rc;
}

/* For all that wait, if there are any. */
static void start_walk(void)
{
	int rc;

	if (TAILQ_EMPTY(&walk.waiting))
		return;
	TAILQ_CONCAT(&walk.walked, &walk.waiting, link);
	walk.job.connection = &walk;
	walk.job.step = step;
	walk.is_running = true;
	rc = jobs_add(&walk.job);
	if (rc == 0) {
		rc = open_walk();
		if (rc != 0)
			end_walk();
	}
	if (rc == 0)
		return;
	LM_ERR("cannot see what the dead have left in shm: %s", reason(rc));
	walk.is_running = false;
	free_estates(&walk.walked);
}

void super_orphans_start(uint32_t slot)
{
	const struct pool_slot *slots =
	    pool_at(chunk_pool(), chunk_pool()->slots);
	struct estate *estate = calloc(1, sizeof(*estate));

	if (estate == NULL) {
		LM_ERR("cannot see what pid %d has left in shm: out of memory",
		    (int)slots[slot].pid);
		return;
	}
	estate->dead = slots[slot];
	estate->dead.name[POOL_NAME_SIZE - 1] = '\0';
	snprintf(estate->who, sizeof(estate->who), "%s (pid %d)",
	    estate->dead.name, (int)estate->dead.pid);
	TAILQ_INSERT_TAIL(&walk.waiting, estate, link);
	if (!walk.is_running)
		start_walk();
}

void super_orphans_drop(void)
{
	free_estates(&walk.waiting);
	if (walk.is_running)
		end_walk();
}
