/* SPDX-License-Identifier: ISC */
/* orphans.c - shm.orphans: what the dead have left, by process and site. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "daemon/methods/json.h"
#include "daemon/methods/look.h"
#include "daemon/methods/orphans.h"
#include "daemon/methods/pools.h"
#include "daemon/roots.h"
#include "mem/slot.h"
#include "rpc/method.h"

/* Of one slot and site. */
struct sum {
	uint64_t blocks, bytes; /* no blocks: an empty place of the table */
	uint32_t slot, site;
	uint32_t oldest, newest; /* seconds */
	/* To be sorted by: the process, and in it the bytes. */
	int32_t pid;
	uint64_t start_time;
};

struct orphans {
	struct look look; /* first */
	struct roots roots;
	int64_t pid;	   /* 0: all */
	struct sum *table; /* a hash table while it is filled */
	size_t size, n;	   /* places, a power of two; those taken */
	bool no_memory;
};

bool orphan_is(struct view *view, const struct roots *roots,
    const struct view_block *block, int64_t pid, struct pool_slot *slot)
{
	return view_slot(view, block->owner, slot) == 0 && slot_is_dead(slot) &&
	       (pid == 0 || slot->pid == pid) && !roots_have(roots, block);
}

/* ---- sums --------------------------------------------------------------- */

static struct sum *place_of(
    const struct orphans *o, uint32_t slot, uint32_t site)
{
	uint64_t key = (uint64_t)slot << 32 | site;
	size_t i = (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (o->size - 1);

	while (o->table[i].blocks > 0 &&
	       (o->table[i].slot != slot || o->table[i].site != site))
		i = (i + 1) & (o->size - 1);
	return &o->table[i];
}

/* At least half of it is empty. */
static bool make_room(struct orphans *o)
{
	struct orphans larger = *o;

	if (o->n * 2 < o->size)
		return true;
	larger.size = o->size > 0 ? o->size * 2 : 64;
	larger.table = calloc(larger.size, sizeof(*larger.table));
	if (larger.table == NULL)
		return false;
	for (size_t i = 0; i < o->size; i++)
		if (o->table[i].blocks > 0)
			*place_of(&larger, o->table[i].slot, o->table[i].site) =
			    o->table[i];
	free(o->table);
	o->table = larger.table;
	o->size = larger.size;
	return true;
}

static void add(struct sum *sum, const struct sum *other)
{
	sum->blocks += other->blocks;
	sum->bytes += other->bytes;
	if (other->oldest > sum->oldest)
		sum->oldest = other->oldest;
	if (other->newest < sum->newest)
		sum->newest = other->newest;
}

static bool orphans_block(struct look *look, const struct view_block *block)
{
	struct orphans *o = (struct orphans *)look;
	struct pool_slot slot;
	struct sum *sum, one;

	if (!orphan_is(look->scan.view, &o->roots, block, o->pid, &slot))
		return true;
	if (!make_room(o)) {
		o->no_memory = true;
		return false;
	}
	one = (struct sum){ 1, block->size, block->owner, block->site,
		block->age, block->age, slot.pid, slot.start_time };
	sum = place_of(o, block->owner, block->site);
	if (sum->blocks > 0) {
		add(sum, &one);
	} else {
		*sum = one;
		o->n++;
	}
	return true;
}

/* ---- the answer --------------------------------------------------------- */

static bool is_same_process(const struct sum *a, const struct sum *b)
{
	return a->pid == b->pid && a->start_time == b->start_time;
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b ? 1 : 0;
}

static int by_process_and_site(const void *x, const void *y)
{
	const struct sum *a = x, *b = y;
	int order = compare(a->start_time, b->start_time);

	if (order == 0)
		order = compare((uint64_t)a->pid, (uint64_t)b->pid);
	return order != 0 ? order : compare(a->site, b->site);
}

static int by_bytes(const void *x, const void *y)
{
	const struct sum *a = x, *b = y;
	int order = compare(b->bytes, a->bytes);

	return order != 0 ? order : compare(a->site, b->site);
}

/* The table becomes a list: a sum for each site of each process. */
static void sort(struct orphans *o)
{
	struct sum *to = o->table;
	size_t n = 0;

	for (size_t i = 0; i < o->size; i++)
		if (o->table[i].blocks > 0)
			o->table[n++] = o->table[i];
	o->n = 0;
	if (n == 0)
		return;
	qsort(o->table, n, sizeof(*o->table), by_process_and_site);
	for (size_t i = 1; i < n; i++)
		if (is_same_process(to, &o->table[i]) &&
		    to->site == o->table[i].site)
			add(to, &o->table[i]);
		else
			*++to = o->table[i];
	o->n = (size_t)(to - o->table) + 1;
}

static struct json_object *site_row(struct view *view, const struct sum *sum)
{
	struct json_object *row = json_object_new_object();

	pools_add_site(row, "site", view, sum->site);
	add_uint(row, "bytes", sum->bytes);
	add_uint(row, "blocks", sum->blocks);
	add_uint(row, "oldest", sum->oldest);
	add_uint(row, "newest", sum->newest);
	return row;
}

/* n sums of one process. */
static struct json_object *process_row(
    struct view *view, struct sum *sum, size_t n)
{
	struct json_object *row = json_object_new_object();
	struct json_object *sites = json_object_new_array();
	struct sum all = sum[0];
	struct pool_slot slot;

	qsort(sum, n, sizeof(*sum), by_bytes);
	all.blocks = all.bytes = 0;
	for (size_t i = 0; i < n; i++) {
		add(&all, &sum[i]);
		json_object_array_add(sites, site_row(view, &sum[i]));
	}
	add_int(row, "pid", all.pid);
	if (view_slot(view, all.slot, &slot) == 0) {
		add_text(row, "name", slot.name);
		add_int(row, "rank", slot.rank);
	}
	add_uint(row, "bytes", all.bytes);
	add_uint(row, "blocks", all.blocks);
	add_uint(row, "oldest", all.oldest);
	json_object_object_add(row, "sites", sites);
	return row;
}

static void orphans_end(struct look *look)
{
	struct orphans *o = (struct orphans *)look;
	struct json_object *processes = json_object_new_array();
	uint64_t blocks = 0, bytes = 0;
	size_t from = 0;

	sort(o);
	for (size_t i = 0; i < o->n; i++) {
		blocks += o->table[i].blocks;
		bytes += o->table[i].bytes;
		if (i + 1 < o->n &&
		    is_same_process(&o->table[from], &o->table[i + 1]))
			continue;
		json_object_array_add(
		    processes, process_row(look->scan.view, &o->table[from],
				   i + 1 - from));
		from = i + 1;
	}
	json_object_put(look->row);
	look->row = json_object_new_object();
	add_uint(look->row, "bytes", bytes);
	add_uint(look->row, "blocks", blocks);
	json_object_object_add(look->row, "processes", processes);
}

static bool orphans_fail(struct look *look)
{
	if (((struct orphans *)look)->no_memory)
		rpc_fail(look->call, RPC_FAILED, "%s", km_strerror(KM_ENOMEM));
	return ((struct orphans *)look)->no_memory;
}

static int orphans_begin(struct look *look)
{
	return roots_read(&((struct orphans *)look)->roots, look->scan.view);
}

static void orphans_damage(struct look *look, const struct scan_damage *damage)
{
	/* What cannot be made out has no owner; mem.check tells. */
}

static void orphans_fini(struct look *look)
{
	roots_free(&((struct orphans *)look)->roots);
	free(((struct orphans *)look)->table);
}

static const struct look_ops ops = {
	.what = SCAN_LIVE,
	.is_single = true,
	.begin = orphans_begin,
	.block = orphans_block,
	.damage = orphans_damage,
	.end = orphans_end,
	.fail = orphans_fail,
	.fini = orphans_fini,
};

void shm_orphans(struct rpc_call *call)
{
	struct orphans *o = calloc(1, sizeof(*o));

	if (o != NULL)
		o->pid = rpc_arg_int(call, 0);
	look_start(
	    (struct look *)o, call, &ops, (struct look_where){ .shm = true });
}
