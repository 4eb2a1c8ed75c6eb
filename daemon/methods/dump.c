/* SPDX-License-Identifier: ISC */
/* dump.c - a dump as a job of slices: count, log, one page, reply. */
#include "config.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "daemon/chunk.h"
#include "daemon/methods/dump.h"
#include "daemon/methods/dump_ranks.h"
#include "daemon/methods/json.h"
#include "daemon/methods/pools.h"
#include "daemon/super.h"
#include "mem/status.h"

#define SLICE_BLOCKS 1000 /* about 1 ms without the log, 3 ms with it */
#define SITE_SIZE    512  /* bytes of "module: file: function(line)" */

struct dump {
	struct rpc_call *call;
	struct event *event;
	/* Each slice runs this; it sets the next one. */
	void (*step)(struct dump *dump);

	struct segment segment; /* pkg: a map of our own */
	const void *map;
	struct view *view;
	bool is_pkg;
	pid_t pid;
	int64_t from;

	struct view_walk walk;
	uint64_t n_logged;
	struct site_sums sums;
	struct dump_ranks ranks;
	struct json_object *reply;
	struct json_object *blocks;
};

static void dump_free(void *arg)
{
	struct dump *dump = arg;

	if (dump->event != NULL)
		event_free(dump->event);
	site_sums_fini(&dump->sums);
	dump_ranks_fini(&dump->ranks);
	if (dump->view != NULL)
		view_close(&dump->view);
	if (dump->is_pkg && dump->map != NULL)
		segment_unmap(&dump->segment, dump->map);
	json_object_put(dump->reply);
	free(dump);
}

static void fail(struct dump *dump, const char *what, int rc)
{
	rpc_fail(dump->call, RPC_FAILED, "%s: %s", what, km_strerror(rc));
	dump_free(dump);
}

static void run_slice(evutil_socket_t fd, short what, void *arg)
{
	struct dump *dump = arg;

	dump->step(dump);
}

static void again(struct dump *dump, void (*step)(struct dump *dump))
{
	static const struct timeval at_once = { 0, 0 };

	dump->step = step;
	evtimer_add(dump->event, &at_once);
}

/* ---- the reply ---------------------------------------------------------- */

static void site_name(struct view *view, uint32_t id, char *buf, size_t size)
{
	struct view_site site;

	view_site(view, id, &site);
	snprintf(buf, size, "%s: %s: %s(%u)", site.mname, site.file, site.func,
	    site.line);
}

static void add_block(struct dump *dump, const struct view_block *block)
{
	struct json_object *row = json_object_new_object();
	char site[SITE_SIZE], address[32];
	struct pool_slot slot;
	pid_t owner = dump->pid;

	if (!dump->is_pkg)
		owner = view_slot(dump->view, block->owner, &slot) == 0
			    ? slot.pid
			    : 0;
	snprintf(
	    address, sizeof(address), "%#llx", (unsigned long long)block->addr);
	site_name(dump->view, block->site, site, sizeof(site));
	add_text(row, "address", address);
	add_uint(row, "size", block->size);
	add_uint(row, "age", block->age);
	add_uint(row, "rank", dump_ranks_of(&dump->ranks, block->seq));
	add_int(row, "owner", owner);
	add_text(row, "site", site);
	json_object_array_add(dump->blocks, row);
}

static void add_sums(struct dump *dump)
{
	struct json_object *sums = json_object_new_array();
	char site[SITE_SIZE];

	for (uint32_t i = 0; i < dump->sums.n; i++) {
		const struct site_sum *sum = &dump->sums.sum[i];
		struct json_object *row = json_object_new_object();

		site_name(dump->view, sum->site, site, sizeof(site));
		add_uint(row, "count", sum->count);
		add_uint(row, "size", sum->size);
		add_text(row, "site", site);
		json_object_array_add(sums, row);
	}
	json_object_object_add(dump->reply, "sums", sums);
}

/* What the client sends to get the next page. */
static void add_next(struct dump *dump)
{
	struct json_object *next = json_object_new_object();
	struct json_object *params = json_object_new_object();

	add_text(
	    next, "method", dump->is_pkg ? "mem_dump_pkg" : "mem_dump_shm");
	if (dump->is_pkg)
		add_int(params, "pid", dump->pid);
	add_uint(params, "from", dump->walk.next);
	json_object_object_add(next, "params", params);
	json_object_object_add(dump->reply, "next", next);
}

static int add_head(struct dump *dump, const struct proc *proc)
{
	struct json_object *reply = json_object_new_object();
	struct km_mem_info info = { 0 };
	int rc = view_info(dump->view, &info);

	dump->reply = reply;
	dump->blocks = json_object_new_array();
	if (proc != NULL) {
		add_int(reply, "pid", proc->pid);
		add_int(reply, "rank", proc->rank);
		add_text(reply, "desc", proc->desc);
	}
	add_text(reply, "pool", proc != NULL ? "pkg" : "shm");
	add_text(reply, "manager", view_manager(dump->view));
	add_uint(reply, "total", info.total);
	add_uint(reply, "free", info.free);
	add_uint(reply, "used", info.used);
	add_uint(reply, "real_used", info.real_used);
	add_uint(reply, "max_used", info.max_used);
	add_uint(reply, "fragments", info.fragments);
	json_object_object_add(reply, "blocks", dump->blocks);
	return rc;
}

/* ---- steps -------------------------------------------------------------- */

static void finish(struct dump *dump)
{
	rpc_reply(dump->call, dump->reply);
	dump->reply = NULL;
	dump_free(dump);
}

static void step_page(struct dump *dump)
{
	struct view_block block;
	int rc = 1;

	for (int i = 0; i < DUMP_PAGE_BLOCKS; i++) {
		rc = view_next(dump->view, &dump->walk, &block);
		if (rc != 1)
			break;
		add_block(dump, &block);
	}
	if (rc < 0) {
		fail(dump, "the pool is damaged", rc);
		return;
	}
	if (rc == 1) {
		add_next(dump);
	} else {
		add_sums(dump);
		json_object_object_add(dump->reply, "next", NULL);
	}
	finish(dump);
}

static void start_page(struct dump *dump)
{
	dump->walk = (struct view_walk){
		.next = (uint64_t)dump->from,
		.reported = (uint64_t)dump->from,
	};
	again(dump, step_page);
}

static void log_sums(struct dump *dump)
{
	char line[STATUS_LINE_SIZE];

	for (uint32_t i = 0; i < dump->sums.n; i++)
		km_log(km_tune->memlog, "%s",
		    status_sum(
			dump->view, &dump->sums.sum[i], line, sizeof(line)));
}

static void step_log(struct dump *dump)
{
	char line[STATUS_LINE_SIZE];
	struct view_block block;
	int rc = 1;

	for (int i = 0; i < SLICE_BLOCKS; i++) {
		rc = view_next(dump->view, &dump->walk, &block);
		if (rc != 1)
			break;
		km_log(km_tune->memlog, "%s",
		    status_block(dump->view, dump->n_logged++, &block, line,
			sizeof(line)));
	}
	if (rc < 0) {
		fail(dump, "the pool is damaged", rc);
	} else if (rc == 1) {
		again(dump, step_log);
	} else {
		log_sums(dump);
		start_page(dump);
	}
}

static void start_log(struct dump *dump)
{
	char line[STATUS_LINE_SIZE];
	struct km_mem_info info;

	if (view_info(dump->view, &info) == 0)
		km_log(km_tune->memlog, "%s",
		    status_head(dump->view, &info, line, sizeof(line)));
	dump->walk = (struct view_walk){
		.with_free = km_tune->mem_status_mode != 0,
	};
	again(dump, step_log);
}

static void step_count(struct dump *dump)
{
	struct view_block block;
	int rc = 1;

	for (int i = 0; i < SLICE_BLOCKS; i++) {
		rc = view_next(dump->view, &dump->walk, &block);
		if (rc != 1)
			break;
		site_sums_add(&dump->sums, &block);
		if (dump_ranks_add(&dump->ranks, block.seq) != 0) {
			fail(dump, "dump", -KM_ENOMEM);
			return;
		}
	}
	if (rc < 0) {
		fail(dump, "the pool is damaged", rc);
		return;
	}
	if (rc == 1) {
		again(dump, step_count);
		return;
	}
	site_sums_sort(&dump->sums);
	dump_ranks_sort(&dump->ranks);
	if (dump->from == 0 && km_log_is_on(km_tune->memlog))
		start_log(dump);
	else
		start_page(dump);
}

/* ---- start -------------------------------------------------------------- */

static int open_view(struct dump *dump, const struct proc *proc)
{
	int rc;

	if (proc == NULL)
		return pools_view_shm(&dump->view);
	if (proc->pkg_map == NULL)
		return -KM_EREADY;
	dump->segment = proc->pkg_segment;
	rc = segment_map_readonly(&dump->segment, &dump->map);
	if (rc == 0)
		rc = view_open_map(dump->map, proc->pkg_size, &dump->view);
	return rc;
}

/* Ends the call when no page can begin there: that is not the pool's fault. */
static bool has_page(struct dump *dump)
{
	uint64_t from = (uint64_t)dump->from;

	if (from < view_header(dump->view)->size)
		return true;
	rpc_fail_param(dump->call, RPC_INVALID_PARAMS, "from",
	    "0, or what next of the page before says", "no page begins at %lld",
	    (long long)dump->from);
	dump_free(dump);
	return false;
}

void dump_start(struct rpc_call *call, const struct proc *proc, uint64_t from)
{
	struct dump *dump = calloc(1, sizeof(*dump));
	int rc = -KM_ENOMEM;

	if (dump == NULL) {
		rpc_fail(call, RPC_FAILED, "dump: %s", km_strerror(rc));
		return;
	}
	dump->call = call;
	dump->is_pkg = proc != NULL;
	dump->pid = proc != NULL ? proc->pid : 0;
	dump->from = (int64_t)from;
	dump->event = evtimer_new(super_base(), run_slice, dump);
	if (dump->event != NULL)
		rc = open_view(dump, proc);
	if (rc == 0)
		rc = site_sums_init(&dump->sums, dump->view);
	if (rc == 0)
		rc = add_head(dump, proc);
	if (rc != 0) {
		fail(dump, "cannot look at the pool", rc);
		return;
	}
	if (!has_page(dump))
		return;
	rpc_call_on_cancel(call, dump_free, dump);
	again(dump, step_count);
}
