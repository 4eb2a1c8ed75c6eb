/* SPDX-License-Identifier: ISC */
/* pkg.c - pkg.stats and pkg.info. */
#include "config.h"

#include <string.h>

#include "base/err.h"
#include "daemon/methods/json.h"
#include "daemon/methods/methods.h"
#include "daemon/methods/pools.h"
#include "daemon/param.h"

/* By what pkg.stats finds a process. */
static bool pid_is(const struct proc *proc, int64_t n)
{
	return proc->pid == n;
}

static bool rank_is(const struct proc *proc, int64_t n)
{
	return proc->rank == n;
}

static bool index_is(const struct proc *proc, int64_t n)
{
	return (int64_t)proc->index == n;
}

static const struct selector {
	const char *name;
	bool (*is)(const struct proc *proc, int64_t n);
} selectors[] = {
	{ "pid", pid_is },
	{ "rank", rank_is },
	{ "index", index_is },
};

static const struct selector *find_selector(const char *name)
{
	for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++)
		if (strcmp(selectors[i].name, name) == 0)
			return &selectors[i];
	return NULL;
}

static struct json_object *stats_of(const struct proc *proc)
{
	struct json_object *row = json_object_new_object();
	struct km_mem_info info = { 0 };
	int rc = pools_info_pkg(proc, &info);

	add_uint(row, "entry", proc->index);
	add_int(row, "pid", proc->pid);
	add_int(row, "rank", proc->rank);
	add_uint(row, "used", info.used);
	add_uint(row, "free", info.free);
	add_uint(row, "real_used", info.real_used);
	add_uint(row, "total_size", info.total);
	add_uint(row, "total_frags", info.fragments);
	add_text(row, "desc", proc->desc);
	pools_add_uid(row, proc);
	/* A damaged pool is said to be one; the others are still shown. */
	if (rc != 0)
		add_text(row, "error", pools_reason(proc, rc));
	return row;
}

static void pkg_stats(struct rpc_call *call)
{
	const struct selector *by = NULL;
	struct json_object *reply;
	size_t found = 0;

	if (rpc_arg_has(call, 0)) {
		by = find_selector(rpc_arg_string(call, 0));
		if (by == NULL || !rpc_arg_has(call, 1)) {
			rpc_fail_param(call, RPC_INVALID_PARAMS, "by",
			    "pid N, rank N or index N, or nothing for all",
			    "cannot select by \"%s\"%s",
			    rpc_arg_string(call, 0),
			    by == NULL ? "" : " without a number");
			return;
		}
	}
	reply = json_object_new_array();
	for (const struct proc *proc = proc_from(0); proc != NULL;
	     proc = proc_from(proc->index + 1)) {
		if (by != NULL && !by->is(proc, rpc_arg_int(call, 1)))
			continue;
		json_object_array_add(reply, stats_of(proc));
		found++;
	}
	if (found > 0) {
		rpc_reply(call, reply);
		return;
	}
	json_object_put(reply);
	rpc_fail_param(call, RPC_NOT_FOUND, "n",
	    "pkg.stats without arguments shows all processes",
	    "no process of this service has %s %lld", by->name,
	    (long long)rpc_arg_int(call, 1));
}

static void pkg_info(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_object();

	add_text(reply, "name", param_string(P_PKG_MANAGER));
	add_uint(reply, "size", (uint64_t)param_int(P_PKG_MEM_SIZE) << 20);
	rpc_reply(call, reply);
}

static const struct rpc_param stats_params[] = {
	{ "by", RPC_STRING, .optional = true, .help = "pid, rank or index" },
	{ "n", RPC_INT, .optional = true, .help = "which one" },
	{ NULL },
};

const struct rpc_method pkg_methods[] = {
	{ "pkg.stats", pkg_stats, stats_params, RPC_ROLE_READ,
	    "a struct for each process",
	    "accounts of the pkg pool of each process, or of one",
	    "Read from the pools themselves: exact at this moment, whatever "
	    "the process is doing." },
	{ "pkg.info", pkg_info, NULL, RPC_ROLE_READ, "name, size",
	    "manager and size in bytes of the pkg pools", NULL },
	{ NULL },
};
