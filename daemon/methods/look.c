/* SPDX-License-Identifier: ISC */
/* look.c - a question about all blocks of some pools, as a job of slices. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "daemon/methods/json.h"
#include "daemon/methods/look.h"
#include "daemon/methods/pools.h"

static void step_open(struct job *job);

static void look_free(struct look *look)
{
	if (look->ops->fini != NULL)
		look->ops->fini(look);
	scan_close(&look->scan);
	json_object_put(look->row);
	json_object_put(look->rows);
	free(look);
}

/* The call has ended. */
static void look_end(struct look *look)
{
	jobs_end(&look->job);
	look_free(look);
}

static void look_cancel(void *arg)
{
	look_end(arg);
}

/* Its process may have been replaced while the question waited for its turn. */
static bool fail_pid(struct look *look)
{
	return json_object_array_length(look->rows) == 0 &&
	       look->where.pid != 0 &&
	       pools_find_pid(look->call, look->where.pid) == NULL;
}

static bool fail(struct look *look)
{
	return fail_pid(look) ||
	       (look->ops->fail != NULL && look->ops->fail(look));
}

static void reply(struct look *look)
{
	struct json_object *rows = look->rows;

	if (!fail(look)) {
		if (look->ops->is_single)
			rows = json_object_array_get_idx(rows, 0);
		rpc_reply(look->call, json_object_get(rows));
	}
	look_end(look);
}

static void pool_done(struct look *look)
{
	scan_close(&look->scan);
	if (look->row != NULL)
		json_object_array_add(look->rows, look->row);
	look->row = NULL;
	look->job.step = step_open;
}

static void step_scan(struct job *job)
{
	struct look *look = (struct look *)job;
	struct scan *scan = &look->scan;
	enum scan_found found;

	scan_begin_slice(scan);
	while ((found = scan_next(scan)) < SCAN_LATER) {
		if (found == SCAN_DAMAGE)
			look->ops->damage(look, &scan->damage);
		else if (!look->ops->block(look, &scan->block))
			found = SCAN_END;
		if (found == SCAN_END)
			break;
	}
	if (found != SCAN_END)
		return;
	look->ops->end(look);
	if (scan_is_gone(scan) && look->row != NULL)
		add_text(look->row, "error", pools_reason(NULL, -KM_ECLOSED));
	pool_done(look);
}

/* ---- one pool after the other ------------------------------------------- */

/* Whether there is one more; *proc is NULL for shm. */
static bool next_pool(struct look *look, const struct proc **proc)
{
	*proc = NULL;
	if (look->where.shm && !look->is_shm_done) {
		look->is_shm_done = true;
		return true;
	}
	while (
	    look->where.pkg && (*proc = proc_from(look->next_proc)) != NULL) {
		look->next_proc = (*proc)->index + 1;
		if (look->where.pid == 0 || look->where.pid == (*proc)->pid)
			return true;
	}
	return false;
}

/* One that cannot be looked at has a row that says so. */
static void pool_failed(struct look *look, const struct proc *proc, int rc)
{
	if (look->ops->is_single) {
		rpc_fail(look->call, RPC_FAILED, "cannot look at the pool: %s",
		    pools_reason(proc, rc));
		look_end(look);
		return;
	}
	json_object_put(look->row);
	look->row = pools_whose(proc, NULL);
	add_text(look->row, "error", pools_reason(proc, rc));
	pool_done(look);
}

static void step_open(struct job *job)
{
	struct look *look = (struct look *)job;
	const struct proc *proc;
	int rc;

	if (!next_pool(look, &proc)) {
		reply(look);
		return;
	}
	rc = scan_open(&look->scan, proc);
	if (rc == 0) {
		scan_start(&look->scan, look->ops->what, 0);
		look->row = pools_whose(proc, look->scan.view);
		rc = look->ops->begin(look);
	}
	if (rc < 0) {
		pool_failed(look, proc, rc);
	} else if (rc > 0) {
		json_object_put(look->row);
		look->row = NULL;
		pool_done(look);
	} else {
		job->step = step_scan;
	}
}

void look_start(struct look *look, struct rpc_call *call,
    const struct look_ops *ops, struct look_where where)
{
	int rc = -KM_ENOMEM;

	if (look != NULL) {
		look->call = call;
		look->ops = ops;
		look->where = where;
		look->rows = json_object_new_array();
		look->job.connection = rpc_call_connection(call);
		look->job.step = step_open;
		rc = jobs_add(&look->job);
	}
	if (rc == 0) {
		rpc_call_on_cancel(call, look_cancel, look);
		return;
	}
	if (look != NULL)
		look_free(look);
	rpc_fail(call, RPC_FAILED, "%s", km_strerror(rc));
}

/* ---- which pools -------------------------------------------------------- */

static const struct {
	const char *name;
	bool shm, pkg;
} pools[] = {
	{ "shm", true, false },
	{ "pkg", false, true },
	{ "all", true, true },
};

bool look_where_parse(struct rpc_call *call, const char *pool, int64_t pid,
    struct look_where *where)
{
	const char *name = pool != NULL ? pool : pid != 0 ? "pkg" : "all";

	*where = (struct look_where){ 0 };
	for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++)
		if (strcmp(pools[i].name, name) == 0) {
			where->shm = pools[i].shm;
			where->pkg = pools[i].pkg;
		}
	if (!where->shm && !where->pkg) {
		rpc_fail_param(call, RPC_INVALID_PARAMS, "pool",
		    "shm, pkg or all", "no pool \"%s\"", name);
		return false;
	}
	if (pid == 0)
		return true;
	where->pid = (pid_t)pid;
	return pools_find_pid(call, pid) != NULL;
}
