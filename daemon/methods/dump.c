/* SPDX-License-Identifier: ISC */
/* dump.c - a dump as a job of slices: log, one page, sums, reply. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "daemon/jobs.h"
#include "daemon/methods/dump.h"
#include "daemon/methods/json.h"
#include "daemon/methods/pools.h"
#include "daemon/methods/tally.h"
#include "daemon/report.h"
#include "daemon/scan.h"

struct dump {
	struct job job; /* first: a job is its dump */
	struct rpc_call *call;
	bool is_pkg;
	pid_t pid;
	uint64_t from;

	struct scan scan;
	struct report report;
	uint64_t next;		  /* where the page behind this one begins */
	bool is_last;		  /* there is none behind it */
	bool is_whole;		  /* what was on the pages before is known */
	size_t n_rows;		  /* of this page */
	struct tally pages, pool; /* blocks of all pages; of all at the end */
	struct site_sums sums;
	struct json_object *reply;
	struct json_object *blocks;
	struct json_object *damage; /* NULL: there is none on this page */
};

static void dump_free(struct dump *dump)
{
	site_sums_fini(&dump->sums);
	report_end(&dump->report);
	scan_close(&dump->scan);
	json_object_put(dump->reply);
	free(dump);
}

/* The call has ended. */
static void dump_end(struct dump *dump)
{
	jobs_end(&dump->job);
	dump_free(dump);
}

static void dump_cancel(void *arg)
{
	dump_end(arg);
}

static void fail(struct dump *dump, const char *what, int rc)
{
	if (scan_is_gone(&dump->scan))
		rc = -KM_ECLOSED;
	rpc_fail(dump->call, RPC_FAILED, "%s: %s", what,
	    pools_reason(proc_by_pid(dump->pid), rc));
	dump_end(dump);
}

/* ---- the reply ---------------------------------------------------------- */

static void add_block(struct dump *dump)
{
	const struct view_block *block = &dump->scan.block;
	struct json_object *row = json_object_new_object();

	pools_add_address(row, "address", block->addr);
	add_uint(row, "size", block->size);
	add_uint(row, "age", block->age);
	add_uint(row, "seq", block->seq);
	add_int(row, "owner",
	    dump->is_pkg ? dump->pid
			 : pools_owner(dump->scan.view, block->owner));
	pools_add_site(row, "site", dump->scan.view, block->site);
	json_object_array_add(dump->blocks, row);
	tally_add(&dump->pages, block);
	dump->n_rows++;
}

static void add_damage(struct dump *dump)
{
	struct json_object *row = json_object_new_object();

	if (dump->damage == NULL) {
		dump->damage = json_object_new_array();
		json_object_object_add(dump->reply, "damage", dump->damage);
	}
	pools_add_damage(row, dump->scan.view, &dump->scan.damage);
	json_object_array_add(dump->damage, row);
	/* One at the pool's end does not fill a page: none is behind it. */
	if (!dump->scan.is_at_end)
		dump->n_rows++;
}

static void add_sums(struct dump *dump)
{
	struct json_object *sums = json_object_new_array();

	for (uint32_t i = 0; i < dump->sums.n; i++) {
		const struct site_sum *sum = &dump->sums.sum[i];
		struct json_object *row = json_object_new_object();

		add_uint(row, "count", sum->count);
		add_uint(row, "size", sum->size);
		pools_add_site(row, "site", dump->scan.view, sum->site);
		json_object_array_add(sums, row);
	}
	json_object_object_add(dump->reply, "sums", sums);
}

#define NOTE_CHANGED                                                           \
	"the pool changed meanwhile: a block of a page was live when that "    \
	"page was made, and one that lived all the time is there once; sums "  \
	"and accounts are of this page's moment"
#define NOTE_PART                                                              \
	"the pages before are not known without what next said of them (seen)"

/* How far the pages can be relied on as a whole. */
static void add_exact(struct dump *dump)
{
	struct json_object *dumped = json_object_new_object();
	bool is_exact =
	    dump->is_whole && tally_equals(&dump->pages, &dump->pool);

	add_uint(dumped, "blocks", dump->pages.blocks);
	add_uint(dumped, "size", dump->pages.size);
	json_object_object_add(dump->reply, "dumped", dumped);
	add_bool(dump->reply, "exact", is_exact);
	if (!is_exact)
		add_text(dump->reply, "note",
		    dump->is_whole ? NOTE_CHANGED : NOTE_PART);
}

/* What the client sends to get the next page. */
static void add_next(struct dump *dump)
{
	struct json_object *next = json_object_new_object();
	struct json_object *params = json_object_new_object();
	char seen[TALLY_TEXT_SIZE];

	add_text(
	    next, "method", dump->is_pkg ? "mem_dump_pkg" : "mem_dump_shm");
	if (dump->is_pkg)
		add_int(params, "pid", dump->pid);
	add_uint(params, "from", dump->next);
	if (dump->is_whole)
		add_text(params, "seen",
		    tally_text(&dump->pages, seen, sizeof(seen)));
	json_object_object_add(next, "params", params);
	json_object_object_add(dump->reply, "next", next);
}

static int add_head(struct dump *dump, const struct proc *proc)
{
	struct km_mem_info info = { 0 };
	int rc = view_info(dump->scan.view, &info);

	/* The rest is shown all the same. */
	if (rc == -KM_ECORRUPT)
		rc = 0;
	dump->reply = pools_whose(proc, dump->scan.view);
	dump->blocks = json_object_new_array();
	pools_add_info(dump->reply, &info, 1);
	json_object_object_add(dump->reply, "blocks", dump->blocks);
	return rc;
}

/* ---- steps: each runs one slice and says which one is next -------------- */

static void step_reply(struct job *job)
{
	struct dump *dump = (struct dump *)job;

	if (scan_is_gone(&dump->scan)) {
		fail(dump, "cannot look at the pool", -KM_ECLOSED);
		return;
	}
	if (dump->is_last) {
		add_sums(dump);
		add_exact(dump);
		json_object_object_add(dump->reply, "next", NULL);
	} else {
		add_next(dump);
	}
	rpc_reply(dump->call, dump->reply);
	dump->reply = NULL;
	dump_end(dump);
}

static void step_sums(struct job *job)
{
	struct dump *dump = (struct dump *)job;
	struct scan *scan = &dump->scan;
	enum scan_found found;

	scan_begin_slice(scan);
	while ((found = scan_next(scan)) < SCAN_LATER) {
		if (found == SCAN_DAMAGE)
			continue;
		site_sums_add(&dump->sums, &scan->block);
		tally_add(&dump->pool, &scan->block);
	}
	if (found == SCAN_LATER)
		return;
	site_sums_sort(&dump->sums, SITES_BY_SIZE);
	job->step = step_reply;
}

static void start_sums(struct dump *dump)
{
	int rc = site_sums_init(&dump->sums, dump->scan.view);

	if (rc != 0) {
		fail(dump, "cannot sum up the pool", rc);
		return;
	}
	scan_start(&dump->scan, SCAN_LIVE, 0);
	dump->is_last = true;
	dump->job.step = step_sums;
}

static void step_page(struct job *job)
{
	struct dump *dump = (struct dump *)job;
	struct scan *scan = &dump->scan;
	enum scan_found found = SCAN_LATER;

	scan_begin_slice(scan);
	while (dump->n_rows < DUMP_PAGE_BLOCKS &&
	       (found = scan_next(scan)) < SCAN_LATER)
		found == SCAN_BLOCK ? add_block(dump) : add_damage(dump);
	if (found == SCAN_END) {
		start_sums(dump);
	} else if (dump->n_rows == DUMP_PAGE_BLOCKS) {
		dump->next = scan_place(scan);
		job->step = step_reply;
	}
}

static void start_page(struct dump *dump)
{
	scan_start(&dump->scan, SCAN_LIVE, dump->from);
	dump->job.step = step_page;
}

static void step_log(struct job *job)
{
	struct dump *dump = (struct dump *)job;

	if (report_slice(&dump->report))
		start_page(dump);
}

/* ---- start -------------------------------------------------------------- */

/* A page may begin anywhere in the pool: one goes on with the next block. */
static bool from_is_inside(struct dump *dump)
{
	size_t size = view_header(dump->scan.view)->size;

	if (dump->from < size)
		return true;
	rpc_fail_param(dump->call, RPC_INVALID_PARAMS, "from",
	    "0, or what next of the page before says",
	    "no page begins there: the pool has %zu bytes", size);
	dump_end(dump);
	return false;
}

static int start(struct dump *dump, const struct proc *proc)
{
	int rc = add_head(dump, proc);

	if (rc != 0)
		return rc;
	if (dump->from != 0 || !km_log_is_on(km_tune->memlog)) {
		start_page(dump);
		return 0;
	}
	dump->job.step = step_log;
	return report_start(
	    &dump->report, &dump->scan, REPORT_BLOCKS | REPORT_SUMS);
}

/* Nothing is held before its turn; until then the process may be replaced. */
static void step_open(struct job *job)
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
	rc = scan_open(&dump->scan, proc);
	if (rc == 0 && !from_is_inside(dump))
		return;
	if (rc == 0)
		rc = start(dump, proc);
	if (rc != 0)
		fail(dump, "cannot look at the pool", rc);
}

static struct dump *dump_new(
    struct rpc_call *call, const struct proc *proc, uint64_t from)
{
	struct dump *dump = calloc(1, sizeof(*dump));

	if (dump == NULL)
		return NULL;
	dump->call = call;
	dump->is_pkg = proc != NULL;
	dump->pid = proc != NULL ? proc->pid : 0;
	dump->from = from;
	dump->is_whole = from == 0;
	dump->job.connection = rpc_call_connection(call);
	dump->job.step = step_open;
	return dump;
}

void dump_page(struct rpc_call *call, const struct proc *proc, uint64_t from,
    const char *seen)
{
	struct dump *dump = dump_new(call, proc, from);
	int rc = dump != NULL ? 0 : -KM_ENOMEM;

	if (rc == 0 && seen != NULL) {
		dump->is_whole = true;
		rc = tally_parse(&dump->pages, seen);
	}
	if (rc == 0)
		rc = jobs_add(&dump->job);
	if (rc == 0) {
		rpc_call_on_cancel(call, dump_cancel, dump);
		return;
	}
	free(dump);
	if (rc == -KM_EINVAL)
		rpc_fail_param(call, RPC_INVALID_PARAMS, "seen",
		    "what next of the page before says", "cannot be read");
	else
		rpc_fail(call, RPC_FAILED, "dump: %s", km_strerror(rc));
}

void dump_start(struct rpc_call *call, const struct proc *proc)
{
	dump_page(call, proc, 0, NULL);
}
