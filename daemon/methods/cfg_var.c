/* SPDX-License-Identifier: ISC */
/* cfg_var.c - finds, checks and stores a variable for cfg.*. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/near.h"
#include "daemon/chunk.h"
#include "daemon/methods/cfg_var.h"
#include "daemon/methods/pools.h"
#include "daemon/param_text.h"

#define HINT_SIZE  256
#define VALUE_SIZE 200 /* bytes of a value in the log, cut if need be */

/* --- finding --- */

static const char *name_groups(char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "the groups are");

	for (const struct group *g = group_next(NULL); g != NULL && len < size;
	     g = group_next(g))
		len += (size_t)snprintf(buf + len, size - len, "%s %s",
		    g != group_next(NULL) ? "," : "", group_name(g));
	return buf;
}

bool cfg_find_group(struct rpc_call *call, struct group **group)
{
	const char *name = rpc_arg_string(call, CFG_GROUP);
	char hint[HINT_SIZE];

	*group = group_find(name);
	if (*group == NULL)
		rpc_fail_param(call, RPC_NOT_FOUND, "group",
		    name_groups(hint, sizeof(hint)), "no group \"%s\"", name);
	return *group != NULL;
}

static const char *near_vars(
    const struct group *group, const char *name, char *buf, size_t size)
{
	char all[HINT_SIZE / 2];
	struct near near;

	near_begin(&near, name);
	for (unsigned i = 0; i < group_count(group); i++)
		near_try(&near, group_row(group, i)->name);
	snprintf(all, sizeof(all), "cfg.list %s shows all", group_name(group));
	return near_hint(&near, all, buf, size);
}

bool cfg_find_var(struct rpc_call *call, struct cfg_var *var)
{
	const char *name = rpc_arg_string(call, CFG_NAME);
	char hint[HINT_SIZE];

	if (!cfg_find_group(call, &var->group))
		return false;
	var->i = group_index(var->group, name);
	if (var->i < group_count(var->group))
		return true;
	rpc_fail_param(call, RPC_NOT_FOUND, "name",
	    near_vars(var->group, name, hint, sizeof(hint)),
	    "no variable \"%s\" in %s", name, group_name(var->group));
	return false;
}

bool cfg_find_settable(struct rpc_call *call, struct cfg_var *var)
{
	const struct param *row;

	if (!cfg_find_var(call, var))
		return false;
	row = group_row(var->group, var->i);
	if (row->when == PARAM_AT_ONCE)
		return true;
	rpc_fail_param(call, RPC_FAILED, "name",
	    "set it in the configuration file and restart",
	    "%s applies at start only", row->name);
	return false;
}

bool cfg_find_process(
    struct rpc_call *call, size_t arg, const struct proc **proc)
{
	*proc = NULL;
	if (!rpc_arg_has(call, arg))
		return true;
	*proc = pools_find_pid(call, rpc_arg_int(call, arg));
	if (*proc == NULL || (*proc)->rank != PROC_OUTSIDE)
		return *proc != NULL;
	rpc_fail_param(call, RPC_FAILED, "pid",
	    "variables are those of kmemd's own processes",
	    "pid %d is a program that has attached: it has none of them",
	    (int)(*proc)->pid);
	return false;
}

/* Kept as one with a NUL inside, a text would be cut. */
static bool is_text(struct json_object *json)
{
	return json_object_is_type(json, json_type_string) &&
	       strlen(json_object_get_string(json)) ==
		   (size_t)json_object_get_string_len(json);
}

static bool take_value(
    struct rpc_call *call, const struct param *row, struct cfg_value *value)
{
	struct json_object *json = rpc_arg_any(call, CFG_VALUE);
	char hint[PARAM_TEXT_SIZE];

	*value = (struct cfg_value){ NULL, 0 };
	if (row->type == PARAM_STRING && is_text(json))
		value->text = json_object_get_string(json);
	else if (row->type != PARAM_STRING &&
		 json_object_is_type(json, json_type_int))
		value->number = json_object_get_int64(json);
	else {
		rpc_fail_param(call, RPC_INVALID_PARAMS, "value",
		    param_row_range(row, hint, sizeof(hint)),
		    "%s: a value of type %s is not allowed", row->name,
		    json_type_to_name(json_object_get_type(json)));
		return false;
	}
	return true;
}

bool cfg_find_value(
    struct rpc_call *call, const struct cfg_var *var, struct cfg_value *value)
{
	const struct param *row = group_row(var->group, var->i);
	char hint[PARAM_TEXT_SIZE];
	int rc;

	if (!take_value(call, row, value))
		return false;
	if (value->text != NULL)
		rc = param_check_string(row, value->text);
	else
		rc = param_check_int(row, value->number);
	if (rc == 0)
		return true;
	param_row_range(row, hint, sizeof(hint));
	if (value->text != NULL)
		rpc_fail_param(call, RPC_INVALID_PARAMS, "value", hint,
		    "%s: \"%s\" is not allowed", row->name, value->text);
	else
		rpc_fail_param(call, RPC_INVALID_PARAMS, "value", hint,
		    "%s: %" PRId64 " is not allowed", row->name, value->number);
	return false;
}

/* --- reading --- */

static struct cfg_value load(const struct cfg_var *var, const struct proc *proc)
{
	struct cfg_value value = { NULL, 0 };

	if (group_row(var->group, var->i)->type == PARAM_STRING)
		value.text = group_string(var->group, var->i);
	else if (proc == NULL)
		value.number = group_int(var->group, var->i);
	else
		value.number = group_int_of(var->group, var->i, proc->index);
	return value;
}

struct json_object *cfg_json(const struct cfg_var *var, const struct proc *proc)
{
	struct cfg_value value = load(var, proc);

	if (value.text != NULL)
		return json_object_new_string(value.text);
	return json_object_new_int64(value.number);
}

bool cfg_follows(const struct cfg_var *var, const struct proc *proc)
{
	return load(var, proc).number == load(var, NULL).number;
}

/* --- storing --- */

static const char *write_value(
    const struct cfg_value *value, char *buf, size_t size)
{
	if (value->text != NULL)
		snprintf(buf, size, "\"%s\"", value->text);
	else
		snprintf(buf, size, "%" PRId64, value->number);
	return buf;
}

/* "cfg: core.memlog of pid 4711: 4 -> 1 by pid 99, uid 0" */
static void describe(char *line, size_t size, const struct rpc_peer *peer,
    const struct cfg_var *var, const struct proc *proc,
    const struct cfg_value *value)
{
	struct cfg_value old = load(var, proc);
	char from[VALUE_SIZE], to[VALUE_SIZE], whose[32] = "";

	if (proc != NULL)
		snprintf(whose, sizeof(whose), " of pid %d", (int)proc->pid);
	snprintf(line, size, "cfg: %s.%s%s: %s -> %s by pid %d, uid %u",
	    group_name(var->group), group_row(var->group, var->i)->name, whose,
	    write_value(&old, from, sizeof(from)),
	    write_value(value, to, sizeof(to)), (int)peer->pid,
	    (unsigned)peer->uid);
}

static void put(const struct cfg_var *var, const struct proc *proc,
    const struct cfg_value *value)
{
	if (value->text != NULL)
		group_set_string(var->group, var->i, value->text);
	else if (proc == NULL)
		group_set_int(var->group, var->i, value->number);
	else
		group_set_int_of(
		    var->group, var->i, proc->index, value->number);
	chunk_trace();
}

/* A change of debug is written if it would be before the change or after. */
void cfg_store(struct rpc_call *call, const struct cfg_var *var,
    const struct proc *proc, const struct cfg_value *value)
{
	char line[2 * VALUE_SIZE + 256];
	bool is_on = km_log_is_on(L_NOTICE);

	describe(line, sizeof(line), rpc_call_peer(call), var, proc, value);
	if (is_on)
		LM_NOTICE("%s", line);
	put(var, proc, value);
	if (!is_on)
		LM_NOTICE("%s", line);
}

void cfg_restore(struct rpc_call *call, const struct cfg_var *var)
{
	struct cfg_value start = { group_start_string(var->group, var->i),
		group_start_int(var->group, var->i) };

	cfg_store(call, var, NULL, &start);
}

struct json_object *cfg_applied(
    bool (*is_so)(const void *arg, const struct proc *proc), const void *arg)
{
	struct json_object *reply = json_object_new_object();
	unsigned n = 0, of = 0;

	for (unsigned i = 0; i < proc_count(); i++) {
		const struct proc *proc = proc_at(i);

		if (!proc_is_alive(proc))
			continue;
		of++;
		n += is_so(arg, proc);
	}
	add_uint(reply, "applied", n);
	add_uint(reply, "of", of);
	return reply;
}
