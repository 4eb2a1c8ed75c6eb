/* SPDX-License-Identifier: ISC */
/* pools.c - views of the service's pools, and what is made of them. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "daemon/chunk.h"
#include "daemon/methods/json.h"
#include "daemon/methods/pools.h"
#include "daemon/pkgread.h"
#include "daemon/reason.h"
#include "daemon/scan.h"

#define PID_SIZE 32 /* bytes of "the pids are 2147483647" or " ..." */

static const struct {
	const char *name;
	size_t bytes;
} units[] = {
	{ "b", 1 },
	{ "k", 1024 },
	{ "kb", 1024 },
	{ "m", 1024 * 1024 },
	{ "mb", 1024 * 1024 },
	{ "g", 1024 * 1024 * 1024 },
	{ "gb", 1024 * 1024 * 1024 },
};
#define N_UNITS (sizeof(units) / sizeof(units[0]))

size_t pools_unit(const char *name)
{
	for (size_t i = 0; i < N_UNITS; i++)
		if (strcmp(units[i].name, name) == 0)
			return units[i].bytes;
	return 0;
}

const char *pools_units(char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < N_UNITS && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
		    i > 0 ? ", " : "", units[i].name);
	return buf;
}

int pools_view_shm(struct view **view)
{
	if (chunk_pool() == NULL)
		return -KM_EREADY;
	return view_open_map(chunk_pool(), chunk_size(), view);
}

int pools_info_shm(struct km_mem_info *info)
{
	struct view *view = NULL;
	int rc = pools_view_shm(&view);

	if (rc != 0)
		return rc;
	rc = view_info(view, info);
	view_close(&view);
	return rc;
}

int pools_info_pkg(const struct proc *proc, struct km_mem_info *info)
{
	struct pkgread *pkg;
	int rc = pkgread_open(&pkg, proc);

	if (rc != 0)
		return rc;
	rc = view_info(pkgread_view(pkg), info);
	pkgread_close(&pkg);
	return rc;
}

const char *pools_reason(const struct proc *proc, int rc)
{
	if (rc == -KM_ECLOSED)
		return "its memory has gone: it has ended, or runs another "
		       "program";
	return proc != NULL && rc == -KM_EPERM ? proc->pkg_why : reason(rc);
}

void pools_add_uid(struct json_object *row, const struct proc *proc)
{
	if (proc->rank == PROC_OUTSIDE)
		add_uint(row, "uid", proc->uid);
}

void pools_add_info(
    struct json_object *reply, const struct km_mem_info *info, size_t unit)
{
	add_uint(reply, "total", info->total / unit);
	add_uint(reply, "free", info->free / unit);
	add_uint(reply, "used", info->used / unit);
	add_uint(reply, "real_used", info->real_used / unit);
	add_uint(reply, "max_used", info->max_used / unit);
	add_uint(reply, "fragments", info->fragments);
}

struct json_object *pools_shmmem(const struct km_mem_info *info, size_t unit)
{
	struct json_object *reply = json_object_new_object();

	pools_add_info(reply, info, unit);
	return reply;
}

struct json_object *pools_whose(const struct proc *proc, struct view *view)
{
	struct json_object *reply = json_object_new_object();

	if (proc != NULL) {
		add_int(reply, "pid", proc->pid);
		add_int(reply, "rank", proc->rank);
		add_text(reply, "desc", proc->desc);
		pools_add_uid(reply, proc);
	}
	add_text(reply, "pool", proc != NULL ? "pkg" : "shm");
	if (view != NULL)
		add_text(reply, "manager", view_manager(view));
	return reply;
}

pid_t pools_owner(struct view *view, uint32_t id)
{
	struct pool_slot slot;

	return view_slot(view, id, &slot) == 0 ? slot.pid : 0;
}

void pools_add_address(struct json_object *row, const char *key, uint64_t addr)
{
	char text[32];

	snprintf(text, sizeof(text), "%#" PRIx64, addr);
	add_text(row, key, text);
}

void pools_add_site(
    struct json_object *row, const char *key, struct view *view, uint32_t site)
{
	char text[VIEW_SITE_SIZE];

	add_text(row, key, view_site_text(view, site, text, sizeof(text)));
}

void pools_add_damage(struct json_object *row, struct view *view,
    const struct scan_damage *damage)
{
	struct json_object *before;

	pools_add_address(
	    row, "address", view_header(view)->base + damage->off);
	add_uint(row, "bytes", damage->bytes);
	if (!damage->has_before)
		return;
	before = json_object_new_object();
	pools_add_address(before, "address", damage->before.addr);
	add_uint(before, "size", damage->before.size);
	pools_add_site(before, "site", view, damage->before.site);
	json_object_object_add(row, "before", before);
}

static void fail_pid(struct rpc_call *call, int64_t pid)
{
	char pids[1024] = "";
	size_t len = 0;

	for (const struct proc *proc = proc_from(0); proc != NULL;
	     proc = proc_from(proc->index + 1)) {
		if (len + PID_SIZE > sizeof(pids)) {
			snprintf(pids + len, sizeof(pids) - len, " ...");
			break;
		}
		len += (size_t)snprintf(pids + len, sizeof(pids) - len, "%s%d",
		    len > 0 ? ", " : "the pids are ", (int)proc->pid);
	}
	rpc_fail_param(call, RPC_NOT_FOUND, "pid", pids,
	    "no process of this service has pid %" PRId64, pid);
}

const struct proc *pools_find_pid(struct rpc_call *call, int64_t pid)
{
	const struct proc *proc = NULL;

	if (pid > 0 && pid <= INT32_MAX)
		proc = proc_by_pid((pid_t)pid);
	if (proc == NULL)
		fail_pid(call, pid);
	return proc;
}
