/* SPDX-License-Identifier: ISC */
/* dump.c - a dump as a job of slices: one page, count, log, reply. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "daemon/chunk.h"
#include "daemon/methods/dump.h"
#include "daemon/methods/dump_jobs.h"
#include "daemon/methods/dump_ranks.h"
#include "daemon/methods/json.h"
#include "daemon/methods/pools.h"
#include "daemon/reason.h"
#include "mem/status.h"

#define SLICE_BLOCKS 1000 /* about 1 ms without the log, 3 ms with it */
#define SITE_SIZE    512  /* bytes of "module: file: function(line)" */

struct dump {
	struct dump_job job; /* first: a job is its dump */
	struct rpc_call *call;
	bool is_pkg;
	pid_t pid;
	uint64_t from;

	struct segment segment; /* pkg: a map of our own */
	const void *map;
	struct view *view;
	struct view_walk walk;
	uint64_t next;	/* where the page behind this one begins */
	bool is_last;	/* there is none behind it */
	size_t n_block; /* of this page */
	struct view_block *block;
	struct dump_ranks *ranks;
	struct site_sums sums;
	uint64_t n_logged;
	struct json_object *reply;
	struct json_object *blocks;
};
_Static_assert(DUMP_RANKS_MAX >= DUMP_PAGE_BLOCKS, "ranks of a whole page");

static void dump_free(struct dump *dump)
{
	site_sums_fini(&dump->sums);
	free(dump->ranks);
	free(dump->block);
	if (dump->view != NULL)
		view_close(&dump->view);
	if (dump->map != NULL)
		segment_unmap(&dump->segment, dump->map);
	json_object_put(dump->reply);
	free(dump);
}

static void dump_cancel(void *arg)
{
	struct dump *dump = arg;

	dump_jobs_cancel(&dump->job);
	dump_free(dump);
}

/* The call has ended. */
static void dump_end(struct dump *dump)
{
	dump_jobs_end(&dump->job);
	dump_free(dump);
}

static void fail(struct dump *dump, const char *what, int rc)
{
	rpc_fail(dump->call, RPC_FAILED, "%s: %s", what, reason(rc));
	dump_end(dump);
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
	add_uint(row, "age_rank", dump_ranks_of(dump->ranks, block->seq));
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
	add_uint(params, "from", dump->next);
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

/* ---- steps: each runs one slice and says which one is next -------------- */

static void step_reply(struct dump_job *job)
{
	struct dump *dump = (struct dump *)job;

	dump_ranks_sum(dump->ranks);
	for (size_t i = 0; i < dump->n_block; i++)
		add_block(dump, &dump->block[i]);
	if (dump->is_last) {
		add_sums(dump);
		json_object_object_add(dump->reply, "next", NULL);
	} else {
		add_next(dump);
	}
	rpc_reply(dump->call, dump->reply);
	dump->reply = NULL;
	dump_end(dump);
}

static void log_sums(struct dump *dump)
{
	char line[STATUS_LINE_SIZE];

	for (uint32_t i = 0; i < dump->sums.n; i++)
		km_log(km_tune->memlog, "%s",
		    status_sum(
			dump->view, &dump->sums.sum[i], line, sizeof(line)));
}

static void step_log(struct dump_job *job)
{
	struct dump *dump = (struct dump *)job;
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
	} else if (rc == 0) {
		log_sums(dump);
		job->step = step_reply;
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
	dump->job.step = step_log;
}

static void step_count(struct dump_job *job)
{
	struct dump *dump = (struct dump *)job;
	struct view_block block;
	int rc = 1;

	for (int i = 0; i < SLICE_BLOCKS; i++) {
		rc = view_next(dump->view, &dump->walk, &block);
		if (rc != 1)
			break;
		site_sums_add(&dump->sums, &block);
		dump_ranks_count(dump->ranks, block.seq);
	}
	if (rc < 0) {
		fail(dump, "the pool is damaged", rc);
		return;
	}
	if (rc == 1)
		return;
	site_sums_sort(&dump->sums);
	if (dump->from == 0 && km_log_is_on(km_tune->memlog))
		start_log(dump);
	else
		job->step = step_reply;
}

static void step_page(struct dump_job *job)
{
	struct dump *dump = (struct dump *)job;
	int rc = 1;

	while (dump->n_block < DUMP_PAGE_BLOCKS) {
		struct view_block *block = &dump->block[dump->n_block];

		rc = view_next(dump->view, &dump->walk, block);
		if (rc != 1)
			break;
		dump_ranks_add(dump->ranks, block->seq);
		dump->n_block++;
	}
	if (rc < 0) {
		fail(dump, "the pool is damaged", rc);
		return;
	}
	dump_ranks_sort(dump->ranks);
	dump->is_last = rc == 0;
	dump->next = dump->walk.next;
	dump->walk = (struct view_walk){ 0 };
	job->step = step_count;
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

static int open_dump(struct dump *dump, const struct proc *proc)
{
	int rc = open_view(dump, proc);

	if (rc == 0)
		rc = site_sums_init(&dump->sums, dump->view);
	if (rc < 0)
		return rc;
	dump->block = calloc(DUMP_PAGE_BLOCKS, sizeof(*dump->block));
	dump->ranks = calloc(1, sizeof(*dump->ranks));
	if (dump->block == NULL || dump->ranks == NULL)
		return -KM_ENOMEM;
	return add_head(dump, proc);
}

/* A page may begin anywhere in the pool: one goes on with the next block. */
static bool from_is_inside(struct dump *dump)
{
	if (dump->from < view_header(dump->view)->size)
		return true;
	rpc_fail_param(dump->call, RPC_INVALID_PARAMS, "from",
	    "0, or what next of the page before says",
	    "no page begins there: the pool has %zu bytes",
	    (size_t)view_header(dump->view)->size);
	dump_end(dump);
	return false;
}

/* Nothing is held before its turn; until then the process may be replaced. */
static void step_open(struct dump_job *job)
{
	struct dump *dump = (struct dump *)job;
	const struct proc *proc = NULL;
	int rc;

	if (dump->is_pkg) {
		proc = pools_find_pid(dump->call, dump->pid);
		if (proc == NULL) {
			dump_end(dump);
			return;
		}
	}
	rc = open_dump(dump, proc);
	if (rc != 0) {
		fail(dump, "cannot look at the pool", rc);
		return;
	}
	if (!from_is_inside(dump))
		return;
	dump->walk.next = dump->walk.reported = dump->from;
	job->step = step_page;
}

void dump_start(struct rpc_call *call, const struct proc *proc, uint64_t from)
{
	struct dump *dump = calloc(1, sizeof(*dump));
	int rc = -KM_ENOMEM;

	if (dump != NULL) {
		dump->call = call;
		dump->is_pkg = proc != NULL;
		dump->pid = proc != NULL ? proc->pid : 0;
		dump->from = from;
		dump->job.connection = rpc_call_connection(call);
		dump->job.step = step_open;
		rc = dump_jobs_add(&dump->job);
	}
	if (rc == 0) {
		rpc_call_on_cancel(call, dump_cancel, dump);
		return;
	}
	free(dump);
	rpc_fail(call, RPC_FAILED, "dump: %s", km_strerror(rc));
}
