/* SPDX-License-Identifier: ISC */
/* reap.c - shm.reap and shm.adopt: what is to become of orphans. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/chunk.h"
#include "daemon/methods/json.h"
#include "daemon/methods/look.h"
#include "daemon/methods/orphans.h"
#include "daemon/roots.h"
#include "mem/manager.h"
#include "mem/slot.h"
#include "rpc/method.h"

struct reap {
	struct look look; /* first */
	struct roots roots;
	int64_t pid; /* whose */
	char *site;  /* a part of the site's text; NULL: any */
	struct holding to;
	struct pool_slot heir; /* of adopt; it may die before we are through */
	uint64_t blocks, bytes;
};

static bool is_meant(const struct reap *reap, const struct view_block *block)
{
	char site[VIEW_SITE_SIZE];

	return reap->site == NULL ||
	       strstr(view_site_text(reap->look.scan.view, block->site, site,
			  sizeof(site)),
		   reap->site) != NULL;
}

/* An heir that has died meanwhile would leave orphans again. */
static bool has_heir(const struct reap *reap)
{
	struct pool_slot slot;

	return reap->to.state == BLOCK_FREE ||
	       (view_slot(reap->look.scan.view, reap->to.slot, &slot) == 0 &&
		   slot.state == SLOT_LIVE &&
		   slot.start_time == reap->heir.start_time);
}

static bool reap_block(struct look *look, const struct view_block *block)
{
	struct reap *reap = (struct reap *)look;
	struct km_pool *pool = chunk_pool();
	const struct holding from = { block->owner, block->state };
	struct pool_slot slot;

	if (!orphan_is(
		look->scan.view, &reap->roots, block, reap->pid, &slot) ||
	    !is_meant(reap, block))
		return true;
	if (!has_heir(reap))
		return false;
	if (!manager_at(pool->manager)
		 ->change(pool, (void *)(uintptr_t)block->addr, &from,
		     &reap->to, block->site))
		return true; /* somebody has just freed it */
	reap->blocks++;
	reap->bytes += block->size;
	return true;
}

static void reap_end(struct look *look)
{
	const struct reap *reap = (struct reap *)look;

	json_object_put(look->row);
	look->row = json_object_new_object();
	add_uint(look->row, "blocks", reap->blocks);
	add_uint(look->row, "bytes", reap->bytes);
}

static int reap_begin(struct look *look)
{
	return roots_read(&((struct reap *)look)->roots, look->scan.view);
}

static void reap_damage(struct look *look, const struct scan_damage *damage)
{
	/* What cannot be made out stays as it is. */
}

static void reap_fini(struct look *look)
{
	roots_free(&((struct reap *)look)->roots);
	free(((struct reap *)look)->site);
}

static const struct look_ops ops = {
	.what = SCAN_LIVE,
	.is_single = true,
	.begin = reap_begin,
	.block = reap_block,
	.damage = reap_damage,
	.end = reap_end,
	.fini = reap_fini,
};

/* ---- whose -------------------------------------------------------------- */

/* The first slot of this pid that is dead, or live. NULL: there is none. */
static const struct pool_slot *find_slot(int64_t pid, bool dead, uint32_t *id)
{
	const struct km_pool *pool = chunk_pool();
	const struct pool_slot *slots = pool_at(pool, pool->slots);

	for (*id = 0; *id < pool->n_slots; ++*id) {
		const struct pool_slot *s = &slots[*id];

		if (s->pid == pid &&
		    (dead ? slot_is_dead(s) : s->state == SLOT_LIVE))
			return s;
	}
	return NULL;
}

static bool is_dead(struct rpc_call *call, int64_t pid)
{
	uint32_t id;

	if (find_slot(pid, true, &id) != NULL)
		return true;
	rpc_fail_param(call, RPC_NOT_FOUND, "pid", "shm.orphans lists them",
	    find_slot(pid, false, &id) != NULL
		? "pid %" PRId64 " is alive"
		: "no dead process with pid %" PRId64 " is known in shm",
	    pid);
	return false;
}

static struct reap *new_reap(struct rpc_call *call, struct holding to)
{
	struct reap *reap = calloc(1, sizeof(*reap));

	if (reap != NULL) {
		reap->pid = rpc_arg_int(call, 0);
		reap->to = to;
	}
	return reap;
}

static void start(struct rpc_call *call, struct reap *reap)
{
	look_start((struct look *)reap, call, &ops,
	    (struct look_where){ .shm = true });
}

void shm_reap(struct rpc_call *call)
{
	const char *site = rpc_arg_string(call, 1);
	struct reap *reap;

	if (!is_dead(call, rpc_arg_int(call, 0)))
		return;
	reap = new_reap(call, (struct holding){ 0, BLOCK_FREE });
	if (reap != NULL && site != NULL) {
		reap->site = strdup(site);
		if (reap->site == NULL) {
			free(reap);
			reap = NULL;
		}
	}
	start(call, reap);
}

void shm_adopt(struct rpc_call *call)
{
	int64_t to = rpc_arg_int(call, 1);
	const struct pool_slot *heir;
	struct reap *reap;
	uint32_t id;

	if (!is_dead(call, rpc_arg_int(call, 0)))
		return;
	heir = find_slot(to, false, &id);
	if (heir == NULL) {
		rpc_fail_param(call, RPC_NOT_FOUND, "to",
		    "a process that uses shm",
		    "no living process with pid %" PRId64 " uses shm", to);
		return;
	}
	reap = new_reap(call, (struct holding){ id, BLOCK_NORMAL });
	if (reap != NULL)
		reap->heir = *heir;
	start(call, reap);
}
