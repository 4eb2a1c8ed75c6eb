/* SPDX-License-Identifier: ISC */
/* cfg.c - cfg.*: parameters, and the variables that are commands. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/methods/dump.h"
#include "daemon/methods/json.h"
#include "daemon/methods/methods.h"
#include "daemon/methods/pools.h"
#include "daemon/param.h"

#define GROUP	   "core"
#define RANGE_SIZE 256 /* bytes of "an integer from 1 to 9" */

/* ---- variables that are commands: to set one is to run it --------------- */

static void set_dump_pkg(struct rpc_call *call, int64_t value)
{
	const struct proc *proc = pools_find_pid(call, value);

	if (proc != NULL)
		dump_start(call, proc, 0);
}

static void set_dump_shm(struct rpc_call *call, int64_t value)
{
	if (value == 0)
		rpc_fail_param(call, RPC_INVALID_PARAMS, "value", "1 dumps it",
		    "mem_dump_shm: 0 does nothing");
	else
		dump_start(call, NULL, 0);
}

static const struct command {
	const char *name;
	void (*set)(struct rpc_call *call, int64_t value);
} commands[] = {
	{ "mem_dump_pkg", set_dump_pkg },
	{ "mem_dump_shm", set_dump_shm },
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* ---- finding ------------------------------------------------------------ */

static bool group_is_known(struct rpc_call *call, const char *group)
{
	if (strcmp(group, GROUP) == 0)
		return true;
	rpc_fail_param(call, RPC_NOT_FOUND, "group", "the groups are " GROUP,
	    "no group \"%s\"", group);
	return false;
}

static void fail_name(struct rpc_call *call, const char *name)
{
	rpc_fail_param(call, RPC_NOT_FOUND, "name",
	    "cfg.list " GROUP " shows all", "no variable \"%s\" in " GROUP,
	    name);
}

/* ---- cfg.list, cfg.get -------------------------------------------------- */

static void add_name(struct json_object *reply, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), GROUP ": %s", name);
	json_object_array_add(reply, json_object_new_string(line));
}

static void cfg_list(struct rpc_call *call)
{
	struct json_object *reply;

	if (rpc_arg_has(call, 0) &&
	    !group_is_known(call, rpc_arg_string(call, 0)))
		return;
	reply = json_object_new_array();
	for (int id = 0; id < P__COUNT; id++)
		add_name(reply, param_row((enum param_id)id)->name);
	for (size_t i = 0; i < N_COMMANDS; i++)
		add_name(reply, commands[i].name);
	rpc_reply(call, reply);
}

static struct json_object *value_of(enum param_id id)
{
	if (param_row(id)->type == PARAM_STRING)
		return json_object_new_string(param_string(id));
	return json_object_new_int64(param_int(id));
}

static void get_all(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_object();

	for (int id = 0; id < P__COUNT; id++)
		json_object_object_add(reply,
		    param_row((enum param_id)id)->name,
		    value_of((enum param_id)id));
	rpc_reply(call, reply);
}

static void cfg_get(struct rpc_call *call)
{
	const char *name = rpc_arg_string(call, 1);
	enum param_id id;

	if (!group_is_known(call, rpc_arg_string(call, 0)))
		return;
	if (name == NULL) {
		get_all(call);
		return;
	}
	id = param_find(name);
	if (id != P__COUNT)
		rpc_reply(call, value_of(id));
	else if (find_command(name) != NULL)
		rpc_reply(call, json_object_new_int(0));
	else
		fail_name(call, name);
}

/* ---- cfg.set_now_* ------------------------------------------------------ */

/* P__COUNT when it cannot be set now; the call has ended then. */
static enum param_id find_settable(struct rpc_call *call)
{
	const char *name = rpc_arg_string(call, 1);
	enum param_id id;

	if (!group_is_known(call, rpc_arg_string(call, 0)))
		return P__COUNT;
	id = param_find(name);
	if (id == P__COUNT) {
		fail_name(call, name);
	} else if (param_row(id)->when != PARAM_AT_ONCE) {
		rpc_fail_param(call, RPC_FAILED, "name",
		    "set it in the configuration file and restart",
		    "%s applies at start only", name);
		id = P__COUNT;
	}
	return id;
}

static void finish_set(
    struct rpc_call *call, enum param_id id, int rc, const char *value)
{
	const struct rpc_peer *peer = rpc_call_peer(call);
	char range[RANGE_SIZE];

	if (rc != 0) {
		rpc_fail_param(call, RPC_INVALID_PARAMS, "value",
		    param_range(id, range, sizeof(range)),
		    "%s: %s is not allowed", param_row(id)->name, value);
		return;
	}
	LM_NOTICE("cfg: " GROUP ".%s set to %s by pid %d, uid %d",
	    param_row(id)->name, value, (int)peer->pid, (int)peer->uid);
	rpc_reply(call, NULL);
}

static void cfg_set_int(struct rpc_call *call)
{
	const struct command *command = find_command(rpc_arg_string(call, 1));
	int64_t value = rpc_arg_int(call, 2);
	enum param_id id;
	char text[32];

	if (command != NULL && strcmp(rpc_arg_string(call, 0), GROUP) == 0) {
		command->set(call, value);
		return;
	}
	id = find_settable(call);
	if (id == P__COUNT)
		return;
	snprintf(text, sizeof(text), "%" PRId64, value);
	finish_set(call, id, param_set_int(id, value), text);
}

static void cfg_set_string(struct rpc_call *call)
{
	const char *value = rpc_arg_string(call, 2);
	enum param_id id = find_settable(call);

	/* Else the call has ended, and its strings are gone. */
	if (id != P__COUNT)
		finish_set(call, id, param_set_string(id, value), value);
}

#define GROUP_PARAM                                                            \
	{                                                                      \
		"group", RPC_STRING, .help = GROUP                             \
	}
#define NAME_PARAM                                                             \
	{                                                                      \
		"name", RPC_STRING, .help = "of a variable"                    \
	}

static const struct rpc_param list_params[] = {
	{ "group", RPC_STRING, .optional = true, .help = GROUP },
	{ NULL },
};
static const struct rpc_param get_params[] = {
	GROUP_PARAM,
	{ "name", RPC_STRING, .optional = true,
	    .help = "of a variable; all when left out" },
	{ NULL },
};
static const struct rpc_param int_params[] = {
	GROUP_PARAM,
	NAME_PARAM,
	{ "value", RPC_INT, .help = "the new value" },
	{ NULL },
};
static const struct rpc_param string_params[] = {
	GROUP_PARAM,
	NAME_PARAM,
	{ "value", RPC_STRING, .help = "the new value" },
	{ NULL },
};

const struct rpc_method cfg_methods[] = {
	{ "cfg.list", cfg_list, list_params, RPC_ROLE_READ,
	    "an array of \"group: name\"", "the variables", NULL },
	{ "cfg.get", cfg_get, get_params, RPC_ROLE_READ,
	    "the value, or a struct of all", "the value of a variable", NULL },
	{ "cfg.set_now_int", cfg_set_int, int_params, RPC_ROLE_ADMIN,
	    "nothing, or what the variable's command returns",
	    "set a number at once, in all processes",
	    "mem_dump_pkg and mem_dump_shm of group core are commands: to set "
	    "them to a pid, or to 1, dumps that pool, as the methods of the "
	    "same names do." },
	{ "cfg.set_now_string", cfg_set_string, string_params, RPC_ROLE_ADMIN,
	    "nothing", "set a text at once, in all processes", NULL },
	{ NULL },
};
