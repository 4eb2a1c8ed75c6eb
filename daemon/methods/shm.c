/* SPDX-License-Identifier: ISC */
/* shm.c - shm.stats, shm.info, shm.trim, shm.grow, shm.report; all of shm.*. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "daemon/chunk.h"
#include "daemon/methods/json.h"
#include "daemon/methods/look.h"
#include "daemon/methods/methods.h"
#include "daemon/methods/orphans.h"
#include "daemon/methods/pools.h"
#include "mem/manager.h"

#define MB	 (1u << 20) /* bytes */
#define GROW_MAX 262144	    /* MB */

static void shm_stats(struct rpc_call *call)
{
	struct km_mem_info info;
	int rc = pools_info_shm(&info);

	if (rc != 0)
		rpc_fail(call, RPC_FAILED, "shm pool: %s", km_strerror(rc));
	else
		rpc_reply(call, pools_shmmem(&info, 1));
}

static void shm_info(struct rpc_call *call)
{
	struct json_object *reply;
	struct km_mem_info info;
	int rc = pools_info_shm(&info);

	if (rc != 0) {
		rpc_fail(call, RPC_FAILED, "shm pool: %s", km_strerror(rc));
		return;
	}
	reply = json_object_new_object();
	/* Of a chunk that was taken over it may not be what is configured. */
	add_text(reply, "name", manager_at(chunk_pool()->manager)->name);
	add_uint(reply, "size", info.total);
	add_uint(reply, "max_size", chunk_pool()->max_size);
	add_uint(reply, "counted", info.counted);
	add_uint(reply, "largest", info.largest);
	rpc_reply(call, reply);
}

static void shm_trim(struct rpc_call *call)
{
	struct km_pool *pool = chunk_pool();
	const struct manager *manager = manager_at(pool->manager);
	struct km_mem_info info = { 0 };
	struct json_object *reply;
	size_t released;

	if (manager->trim == NULL) {
		rpc_fail(call, RPC_FAILED,
		    "the manager %s gives nothing back to the system "
		    "(shm_manager = \"slab\" does)",
		    manager->name);
		return;
	}
	released = manager->trim(pool);
	pools_info_shm(&info);
	reply = json_object_new_object();
	add_uint(reply, "released", released);
	add_uint(reply, "real_used", info.real_used);
	rpc_reply(call, reply);
}

/* ---- shm.grow --------------------------------------------------------- */

/* Returns whether it did; else the call has ended. */
static bool grow(struct rpc_call *call, struct km_pool *pool, size_t bytes)
{
	const struct manager *manager = manager_at(pool->manager);
	int rc;

	if (manager->grow == NULL || chunk_backend() == SEGMENT_SYSV) {
		rpc_fail(call, RPC_FAILED,
		    "%s does not grow (shm_manager = \"slab\", shm_backend = "
		    "\"memfd\")",
		    manager->grow == NULL ? "a pool of this manager"
					  : "SysV shared memory");
		return false;
	}
	rc = manager->grow(pool, bytes);
	if (rc == -KM_EFULL)
		rpc_fail(call, RPC_FAILED,
		    "the chunk has %" PRIu64 " MB and grows up to %" PRIu64
		    " MB (shm_max_mem_size)",
		    pool->size / MB, pool->max_size / MB);
	else if (rc != 0)
		rpc_fail(call, RPC_FAILED, "shm pool: %s", km_strerror(rc));
	return rc == 0;
}

static void shm_grow(struct rpc_call *call)
{
	struct km_pool *pool = chunk_pool();
	int64_t n = rpc_arg_int(call, 0);
	struct json_object *reply;

	if (n < 1 || n > GROW_MAX) {
		rpc_fail_param(call, RPC_INVALID_PARAMS, "MB",
		    "it is that much larger then, and never shrinks",
		    "cannot grow by %" PRId64 " MB", n);
		return;
	}
	if (!grow(call, pool, (size_t)n * MB))
		return;
	reply = json_object_new_object();
	add_uint(reply, "size", pool->size);
	add_uint(reply, "max_size", pool->max_size);
	rpc_reply(call, reply);
}

static const struct rpc_param grow_params[] = {
	{ "MB", RPC_INT, .help = "how much larger" },
	{ NULL },
};

/* ---- shm.report --------------------------------------------------------- */

/* Fragments of one kind. */
struct kind {
	uint64_t count, smallest, largest; /* bytes; of none both are 0 */
};

struct report {
	struct look look; /* first */
	struct kind used, free;
};

static int report_begin(struct look *look)
{
	struct km_mem_info info;
	int rc = view_info(look->scan.view, &info);

	if (rc != 0)
		return rc;
	json_object_put(look->row);
	look->row = json_object_new_object();
	add_uint(look->row, "total_size", info.total);
	add_uint(look->row, "free_size_s", info.free);
	add_uint(look->row, "used_size_s", info.used);
	add_uint(look->row, "real_used_s", info.real_used);
	add_uint(look->row, "max_used_s", info.max_used);
	return 0;
}

static bool report_block(struct look *look, const struct view_block *block)
{
	struct report *report = (struct report *)look;
	struct kind *kind = block->is_free ? &report->free : &report->used;

	if (kind->count++ == 0 || block->room < kind->smallest)
		kind->smallest = block->room;
	if (block->room > kind->largest)
		kind->largest = block->room;
	return true;
}

static void report_damage(struct look *look, const struct scan_damage *damage)
{
	add_bool(look->row, "damaged", true);
}

static void report_end(struct look *look)
{
	const struct report *report = (struct report *)look;

	add_uint(look->row, "free_frags", report->free.count);
	add_uint(look->row, "used_frags", report->used.count);
	add_uint(
	    look->row, "total_frags", report->free.count + report->used.count);
	add_uint(look->row, "max_free_frag_size", report->free.largest);
	add_uint(look->row, "max_used_frag_size", report->used.largest);
	add_uint(look->row, "min_free_frag_size", report->free.smallest);
	add_uint(look->row, "min_used_frag_size", report->used.smallest);
}

static const struct look_ops report_ops = {
	.what = SCAN_ALL,
	.is_single = true,
	.begin = report_begin,
	.block = report_block,
	.damage = report_damage,
	.end = report_end,
};

static void shm_report(struct rpc_call *call)
{
	look_start(calloc(1, sizeof(struct report)), call, &report_ops,
	    (struct look_where){ .shm = true });
}

/* ---- the table ---------------------------------------------------------- */

static const struct rpc_param orphans_params[] = {
	{ "pid", RPC_INT, .optional = true,
	    .help = "whose; of all the dead when left out" },
	{ NULL },
};

static const struct rpc_param reap_params[] = {
	{ "pid", RPC_INT, .help = "of a dead process" },
	{ "site", RPC_STRING, .optional = true,
	    .help = "only from sites whose text has this in it" },
	{ NULL },
};

static const struct rpc_param adopt_params[] = {
	{ "pid", RPC_INT, .help = "of a dead process" },
	{ "to", RPC_INT, .help = "pid of a living one that uses shm" },
	{ NULL },
};

const struct rpc_method shm_methods[] = {
	{ "shm.stats", shm_stats, NULL, RPC_ROLE_READ,
	    "total, free, used, real_used, max_used, fragments",
	    "accounts of the shm pool in bytes", NULL },
	{ "shm.info", shm_info, NULL, RPC_ROLE_READ,
	    "name, size, max_size, counted, largest",
	    "manager of the shm pool, and what can still be had of it",
	    "counted: bytes of live blocks with their rounding, and of "
	    "metadata. largest: bytes of the largest request that would "
	    "succeed now." },
	{ "shm.trim", shm_trim, NULL, RPC_ROLE_ADMIN, "released, real_used",
	    "give free memory of the shm pool back to the system",
	    "What processes keep for their next calls goes back to the pool "
	    "first. Nobody waits for it." },
	{ "shm.grow", shm_grow, grow_params, RPC_ROLE_ADMIN, "size, max_size",
	    "make the shm pool larger, up to shm_max_mem_size",
	    "It does so by itself when it is full. Nobody waits for it." },
	{ "shm.report", shm_report, NULL, RPC_ROLE_READ,
	    "sizes and numbers of fragments, used and free",
	    "accounts of the shm pool, and what its fragments are like",
	    "Made by a walk over all of them." },
	{ "shm.roots", shm_roots, NULL, RPC_ROLE_READ,
	    "roots: name, what, address, size, site, owner",
	    "the named roots of the shm pool, and what they have",
	    "Programs make them by km_root_set() and "
	    "km_root_get_or_create()." },
	{ "shm.orphans", shm_orphans, orphans_params, RPC_ROLE_READ,
	    "bytes, blocks, processes with their sites",
	    "live blocks of the shm pool whose owner is dead",
	    "They may be linked into what others use, so they stay until they "
	    "are freed: by the program, or by shm.reap. What a root has is "
	    "none." },
	{ "shm.reap", shm_reap, reap_params, RPC_ROLE_ADMIN, "blocks, bytes",
	    "free the blocks that a dead process has left in shm",
	    "Whoever still uses one of them is lost: look at shm.orphans "
	    "first." },
	{ "shm.adopt", shm_adopt, adopt_params, RPC_ROLE_ADMIN, "blocks, bytes",
	    "make the blocks of a dead process those of a living one",
	    "They are its orphans when it dies in turn." },
	{ NULL },
};
