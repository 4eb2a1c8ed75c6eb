/* SPDX-License-Identifier: ISC */
/* core.c - core.*: the service itself. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/methods/json.h"
#include "daemon/methods/methods.h"
#include "daemon/methods/pools.h"
#include "daemon/chunk.h"
#include "daemon/modhost.h"
#include "daemon/proc.h"
#include "daemon/reexec.h"
#include "daemon/super.h"
#include "daemon/title.h"

#define MANAGERS "SLAB_MALLOC, QM_MALLOC"
#define FLAGS	 (KMEMD_MEMDBG ? "MEMDBG, " MANAGERS : MANAGERS)

static void core_shmmem(struct rpc_call *call)
{
	size_t unit = 1;
	struct km_mem_info info;
	char hint[64];
	int rc;

	if (rpc_arg_has(call, 0))
		unit = pools_unit(rpc_arg_string(call, 0));
	if (unit == 0) {
		rpc_fail_param(call, RPC_INVALID_PARAMS, "unit",
		    pools_units(hint, sizeof(hint)), "unknown unit \"%s\"",
		    rpc_arg_string(call, 0));
		return;
	}
	rc = pools_info_shm(&info);
	if (rc != 0)
		rpc_fail(call, RPC_FAILED, "shm pool: %s", km_strerror(rc));
	else
		rpc_reply(call, pools_shmmem(&info, unit));
}

static void core_info(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_object();

	add_text(reply, "version", PACKAGE_STRING);
	add_text(reply, "id", PACKAGE_VERSION);
	add_text(reply, "compiler", __VERSION__);
	add_text(reply, "compiled", __DATE__ " " __TIME__);
	add_text(reply, "flags", FLAGS);
	rpc_reply(call, reply);
}

static void core_flags(struct rpc_call *call)
{
	rpc_reply(call, json_object_new_string(FLAGS));
}

static void core_version(struct rpc_call *call)
{
	rpc_reply(call, json_object_new_string(PACKAGE_STRING));
}

static void core_uptime(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_object();
	time_t since = proc_at(0)->started, now = time(NULL);

	add_time(reply, "now", now);
	add_time(reply, "up_since", since);
	add_int(reply, "uptime", now - since);
	rpc_reply(call, reply);
}

/* "3d 4h 5m 6s" */
static void add_span(struct json_object *to, const char *key, int64_t s)
{
	char text[64];

	snprintf(text, sizeof(text),
	    "%" PRId64 "d %" PRId64 "h %" PRId64 "m %" PRId64 "s", s / 86400,
	    s / 3600 % 24, s / 60 % 60, s % 60);
	add_text(to, key, text);
}

static void core_runinfo(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_object();
	time_t since = proc_at(0)->started, now = time(NULL);

	add_text(reply, "name", PACKAGE_NAME);
	add_text(reply, "version", PACKAGE_VERSION);
	add_text(reply, "sourceid", PACKAGE_STRING);
	add_text(reply, "compiler", __VERSION__);
	add_text(reply, "compiled", __DATE__ " " __TIME__);
	add_time(reply, "time_now", now);
	add_time(reply, "time_started", since);
	add_int(reply, "uptime_secs", now - since);
	add_span(reply, "utime_days", now - since);
	rpc_reply(call, reply);
}

static void core_arg(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_array();

	for (char *const *arg = title_args(); *arg != NULL; arg++)
		json_object_array_add(reply, json_object_new_string(*arg));
	rpc_reply(call, reply);
}

static void core_modules(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_array();
	const struct modhost *module = NULL;

	while ((module = modhost_next(module)) != NULL)
		json_object_array_add(reply,
		    json_object_new_string(modhost_module(module)->name));
	rpc_reply(call, reply);
}

/* Pid and description in turn, as Kamailio has it. */
static void core_ps(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_array();

	for (const struct proc *proc = proc_from(0); proc != NULL;
	     proc = proc_from(proc->index + 1)) {
		json_object_array_add(reply, json_object_new_int(proc->pid));
		json_object_array_add(
		    reply, json_object_new_string(proc->desc));
	}
	rpc_reply(call, reply);
}

static void core_psx(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_array();

	for (const struct proc *proc = proc_from(0); proc != NULL;
	     proc = proc_from(proc->index + 1)) {
		struct json_object *row = json_object_new_object();

		add_uint(row, "IDX", proc->index);
		add_int(row, "PID", proc->pid);
		add_text(row, "DSC", proc->desc);
		json_object_array_add(reply, row);
	}
	rpc_reply(call, reply);
}

static void core_ping(struct rpc_call *call)
{
	rpc_reply(call, json_object_new_string("pong"));
}

static void core_echo(struct rpc_call *call)
{
	rpc_reply(call, json_object_get(rpc_arg_rest(call)));
}

static void core_shutdown(struct rpc_call *call)
{
	const struct rpc_peer *peer = rpc_call_peer(call);

	LM_NOTICE(
	    "core.shutdown by pid %d, uid %d", (int)peer->pid, (int)peer->uid);
	rpc_reply(call, json_object_new_string("going down"));
	super_stop();
}

static void core_reexec(struct rpc_call *call)
{
	const struct rpc_peer *peer = rpc_call_peer(call);

	if (reexec_check() != 0) {
		rpc_fail(call, RPC_FAILED, "cannot run %s: %s", reexec_path(),
		    strerror(errno));
		return;
	}
	if (chunk_backend() != SEGMENT_MEMFD) {
		rpc_fail(call, RPC_FAILED,
		    "a chunk of SysV shared memory cannot be handed over "
		    "(shm_backend = \"memfd\" can)");
		return;
	}
	LM_NOTICE(
	    "core.reexec by pid %d, uid %d", (int)peer->pid, (int)peer->uid);
	rpc_reply(call, json_object_new_string("going on as another"));
	reexec_want();
	super_stop();
}

static const struct rpc_param shmmem_params[] = {
	{ "unit", RPC_STRING, .optional = true,
	    .help = "b (default), k, m or g; also kb, mb, gb" },
	{ NULL },
};

static const struct rpc_param echo_params[] = {
	{ "values", RPC_ANY, .optional = true, .rest = true,
	    .help = "what to return" },
	{ NULL },
};

const struct rpc_method core_methods[] = {
	{ "core.shmmem", core_shmmem, shmmem_params, RPC_ROLE_READ,
	    "total, free, used, real_used, max_used, fragments",
	    "accounts of the shm pool, in a unit of choice",
	    "Sizes are divided by the unit and cut; fragments counts the free "
	    "ones." },
	{ "core.info", core_info, NULL, RPC_ROLE_READ,
	    "version, id, compiler, compiled, flags",
	    "what was built, when and with what", NULL },
	{ "core.version", core_version, NULL, RPC_ROLE_READ, "a string",
	    "name and version", NULL },
	{ "core.uptime", core_uptime, NULL, RPC_ROLE_READ,
	    "now, up_since, uptime in seconds", "since when the service runs",
	    NULL },
	{ "core.runinfo", core_runinfo, NULL, RPC_ROLE_READ,
	    "name, version, sourceid, compiler, compiled, time_now, "
	    "time_started, uptime_secs, utime_days",
	    "what runs, and since when", NULL },
	{ "core.arg", core_arg, NULL, RPC_ROLE_READ, "an array of strings",
	    "the command line that the service was started with", NULL },
	{ "core.flags", core_flags, NULL, RPC_ROLE_READ, "a string",
	    "what was built in", NULL },
	{ "core.modules", core_modules, NULL, RPC_ROLE_READ,
	    "an array of names", "the modules, in the order of loading", NULL },
	{ "core.ps", core_ps, NULL, RPC_ROLE_READ,
	    "pid and description of each process, in turn",
	    "the processes of the service", NULL },
	{ "core.psx", core_psx, NULL, RPC_ROLE_READ,
	    "a struct IDX, PID, DSC for each process",
	    "the processes of the service, as structs", NULL },
	{ "core.ping", core_ping, NULL, RPC_ROLE_READ, "the string pong",
	    "whether the service answers", NULL },
	{ "core.echo", core_echo, echo_params, RPC_ROLE_READ,
	    "the values as they came", "returns its parameters", NULL },
	{ "core.shutdown", core_shutdown, NULL, RPC_ROLE_ADMIN, "a string",
	    "stops the service: as SIGTERM", NULL },
	{ "core.reexec", core_reexec, NULL, RPC_ROLE_ADMIN, "a string",
	    "runs kmemd anew, in the same process, with the same chunk",
	    "For a newer version, or another configuration. Programs that have "
	    "attached notice nothing; workers are ended and started again." },
	{ NULL },
};
