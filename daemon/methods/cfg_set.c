/* SPDX-License-Identifier: ISC */
/* cfg_set.c - cfg.set, cfg.set_now_*, cfg.reset: changes that apply at once. */
#include "config.h"

#include <string.h>

#include "daemon/methods/cfg.h"
#include "daemon/methods/cfg_var.h"
#include "daemon/methods/dump.h"
#include "daemon/methods/pools.h"
#include "daemon/param.h"

/* --- variables that are commands: to set one is to run it --- */

static void set_dump_pkg(struct rpc_call *call, int64_t value)
{
	const struct proc *proc = pools_find_pid(call, value);

	if (proc != NULL)
		dump_start(call, proc);
}

static void set_dump_shm(struct rpc_call *call, int64_t value)
{
	if (value == 0)
		rpc_fail_param(call, RPC_INVALID_PARAMS, "value", "1 dumps it",
		    "mem_dump_shm: 0 does nothing");
	else
		dump_start(call, NULL);
}

static const struct cfg_command commands[] = {
	{ "mem_dump_pkg", "a pid: dump its pkg pool", set_dump_pkg },
	{ "mem_dump_shm", "1: dump the shm pool", set_dump_shm },
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct cfg_command *cfg_command_at(size_t i)
{
	return i < N_COMMANDS ? &commands[i] : NULL;
}

const struct cfg_command *cfg_command_find(const struct rpc_call *call)
{
	const char *name = rpc_arg_string(call, CFG_NAME);

	if (strcmp(rpc_arg_string(call, CFG_GROUP), CFG_CORE) != 0)
		return NULL;
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void run(struct rpc_call *call, const struct cfg_command *command)
{
	struct json_object *value = rpc_arg_any(call, CFG_VALUE);

	if (rpc_arg_has(call, CFG_PID))
		rpc_fail_param(call, RPC_INVALID_PARAMS, "pid", "leave it out",
		    "%s has a value, and no pid besides", command->name);
	else if (!json_object_is_type(value, json_type_int))
		rpc_fail_param(call, RPC_INVALID_PARAMS, "value", command->help,
		    "%s takes an integer", command->name);
	else
		command->set(call, json_object_get_int64(value));
}

/* --- for the service, or for one process --- */

struct change {
	struct cfg_var var;
	const struct proc *proc;
	struct cfg_value value;
};

/* Whether the process may have a value of its own now. */
static bool may_differ(struct rpc_call *call, const struct change *change)
{
	const struct cfg_var *var = &change->var;

	if (change->proc == NULL)
		return true;
	if (!group_has_own(var->group, var->i))
		rpc_fail_param(call, RPC_INVALID_PARAMS, "pid", "leave it out",
		    "%s has one value for all processes",
		    group_row(var->group, var->i)->name);
	else if (!proc_is_alive(change->proc))
		rpc_fail_param(call, RPC_FAILED, "pid",
		    "set it when core.ps shows the replacement",
		    "process %d is dead", (int)change->proc->pid);
	else
		return true;
	return false;
}

static bool is_in_force(const void *arg, const struct proc *proc)
{
	return cfg_follows(arg, proc);
}

/* The one process has what it was to have. */
static struct json_object *applied_to_one(const struct change *change)
{
	struct json_object *reply = json_object_new_object();
	const struct cfg_var *var = &change->var;

	add_uint(reply, "applied",
	    group_int_of(var->group, var->i, change->proc->index) ==
		change->value.number);
	add_uint(reply, "of", 1);
	return reply;
}

void cfg_set(struct rpc_call *call)
{
	const struct cfg_command *command = cfg_command_find(call);
	struct change change;

	if (command != NULL) {
		run(call, command);
		return;
	}
	if (!cfg_find_settable(call, &change.var) ||
	    !cfg_find_value(call, &change.var, &change.value) ||
	    !cfg_find_process(call, CFG_PID, &change.proc) ||
	    !may_differ(call, &change))
		return;
	cfg_store(call, &change.var, change.proc, &change.value);
	rpc_reply(call, change.proc != NULL
			    ? applied_to_one(&change)
			    : cfg_applied(is_in_force, &change.var));
}

/* --- what the service started with --- */

static bool follows_group(const void *arg, const struct proc *proc)
{
	struct cfg_var var = *(const struct cfg_var *)arg;

	for (var.i = 0; var.i < group_count(var.group); var.i++)
		if (!cfg_follows(&var, proc))
			return false;
	return true;
}

void cfg_reset(struct rpc_call *call)
{
	struct json_object *reply;
	struct cfg_var var;
	unsigned n = 0;

	if (!cfg_find_group(call, &var.group))
		return;
	for (var.i = 0; var.i < group_count(var.group); var.i++) {
		if (group_is_as_started(var.group, var.i))
			continue;
		cfg_restore(call, &var);
		n++;
	}
	reply = cfg_applied(follows_group, &var);
	add_uint(reply, "variables", n);
	rpc_reply(call, reply);
}
