/* SPDX-License-Identifier: ISC */
/* cfg.c - cfg.*: the table; list, get and help. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "daemon/methods/cfg.h"
#include "daemon/methods/cfg_var.h"
#include "daemon/methods/methods.h"
#include "daemon/param_text.h"

#define LINE_SIZE 128 /* bytes of "group: name" */

/* --- cfg.list --- */

static void add_name(
    struct json_object *reply, const char *group, const char *name)
{
	char line[LINE_SIZE];

	snprintf(line, sizeof(line), "%s: %s", group, name);
	json_object_array_add(reply, json_object_new_string(line));
}

static void list_group(struct json_object *reply, const struct group *group)
{
	const struct cfg_command *command;

	for (unsigned i = 0; i < group_count(group); i++)
		add_name(reply, group_name(group), group_row(group, i)->name);
	if (strcmp(group_name(group), CFG_CORE) != 0)
		return;
	for (size_t i = 0; (command = cfg_command_at(i)) != NULL; i++)
		add_name(reply, CFG_CORE, command->name);
}

static void cfg_list(struct rpc_call *call)
{
	struct json_object *reply;
	struct group *group = NULL;

	if (rpc_arg_has(call, CFG_GROUP) && !cfg_find_group(call, &group))
		return;
	reply = json_object_new_array();
	if (group != NULL)
		list_group(reply, group);
	else
		while ((group = group_next(group)) != NULL)
			list_group(reply, group);
	rpc_reply(call, reply);
}

/* --- cfg.get --- */

enum {
	GET_PID = CFG_NAME + 1
}; /* there is no value before it */

static void get_all(struct rpc_call *call, const struct proc *proc)
{
	struct json_object *reply;
	struct cfg_var var;

	if (!cfg_find_group(call, &var.group))
		return;
	reply = json_object_new_object();
	for (var.i = 0; var.i < group_count(var.group); var.i++)
		json_object_object_add(reply, group_row(var.group, var.i)->name,
		    cfg_json(&var, proc));
	rpc_reply(call, reply);
}

static void cfg_get(struct rpc_call *call)
{
	const struct proc *proc;
	struct cfg_var var;

	if (!cfg_find_process(call, GET_PID, &proc))
		return;
	if (!rpc_arg_has(call, CFG_NAME))
		get_all(call, proc);
	else if (cfg_command_find(call) != NULL)
		rpc_reply(call, json_object_new_int(0));
	else if (cfg_find_var(call, &var))
		rpc_reply(call, cfg_json(&var, proc));
}

/* --- cfg.help --- */

static const char *when(const struct cfg_var *var)
{
	if (group_row(var->group, var->i)->when != PARAM_AT_ONCE)
		return "applies at start only";
	return group_has_own(var->group, var->i)
		   ? "applies at once, in all processes or in one"
		   : "applies at once, in all processes";
}

static void add_line(struct json_object *lines, const char *text)
{
	json_object_array_add(lines, json_object_new_string(text));
}

static void help_var(struct rpc_call *call, const struct cfg_var *var)
{
	const struct param *row = group_row(var->group, var->i);
	char range[PARAM_TEXT_SIZE], preset[PARAM_TEXT_SIZE];
	char line[2 * PARAM_TEXT_SIZE + LINE_SIZE];
	struct json_object *reply = json_object_new_array();

	snprintf(line, sizeof(line), "%s; default %s; %s",
	    param_row_range(row, range, sizeof(range)),
	    param_row_default(row, preset, sizeof(preset)), when(var));
	add_line(reply, row->help);
	add_line(reply, row->type == PARAM_STRING
			    ? "(parameter type is string)"
			    : "(parameter type is integer)");
	add_line(reply, line);
	rpc_reply(call, reply);
}

static void help_command(
    struct rpc_call *call, const struct cfg_command *command)
{
	struct json_object *reply = json_object_new_array();

	add_line(reply, command->help);
	add_line(reply, "(parameter type is integer)");
	add_line(reply, "a command: to set it is to run it");
	rpc_reply(call, reply);
}

static void cfg_help(struct rpc_call *call)
{
	const struct cfg_command *command = cfg_command_find(call);
	struct cfg_var var;

	if (command != NULL)
		help_command(call, command);
	else if (cfg_find_var(call, &var))
		help_var(call, &var);
}

/* --- the table --- */

#define GROUP_PARAM                                                            \
	{                                                                      \
		"group", RPC_STRING, .help = "core, or a module"               \
	}
#define NAME_PARAM                                                             \
	{                                                                      \
		"name", RPC_STRING, .help = "of a variable"                    \
	}
#define PID_PARAM                                                              \
	{                                                                      \
		"pid", RPC_INT, .optional = true,                              \
				.help = "of one process; all when left out"    \
	}

static const struct rpc_param list_params[] = {
	{ "group", RPC_STRING, .optional = true,
	    .help = "core, or a module; all when left out" },
	{ NULL },
};
static const struct rpc_param group_params[] = {
	GROUP_PARAM,
	{ NULL },
};
static const struct rpc_param name_params[] = {
	GROUP_PARAM,
	NAME_PARAM,
	{ NULL },
};
static const struct rpc_param get_params[] = {
	GROUP_PARAM,
	{ "name", RPC_STRING, .optional = true,
	    .help = "of a variable; all when left out" },
	{ "pid", RPC_INT, .optional = true,
	    .help = "what is in force in this process" },
	{ NULL },
};

#define VALUE_PARAMS(name, type)                                               \
	static const struct rpc_param name[] = {                               \
		GROUP_PARAM,                                                   \
		NAME_PARAM,                                                    \
		{ "value", type, .help = "the new value" },                    \
		{ NULL },                                                      \
	}
VALUE_PARAMS(delayed_int_params, RPC_INT);
VALUE_PARAMS(delayed_string_params, RPC_STRING);
#undef VALUE_PARAMS

#define NOW_PARAMS(name, type)                                                 \
	static const struct rpc_param name[] = {                               \
		GROUP_PARAM,                                                   \
		NAME_PARAM,                                                    \
		{ "value", type, .help = "the new value" },                    \
		PID_PARAM,                                                     \
		{ NULL },                                                      \
	}
NOW_PARAMS(set_params, RPC_ANY);
NOW_PARAMS(now_int_params, RPC_INT);
NOW_PARAMS(now_string_params, RPC_STRING);
#undef NOW_PARAMS

#define APPLIED "applied, of: how many processes have it, of how many"
#define DELAYED                                                                \
	"Delayed sets belong to the connection, and are dropped with it."

const struct rpc_method cfg_methods[] = {
	{ "cfg.list", cfg_list, list_params, RPC_ROLE_READ,
	    "an array of \"group: name\"", "the variables", NULL },
	{ "cfg.help", cfg_help, name_params, RPC_ROLE_READ,
	    "what it is for, its type, its range",
	    "what is known of a variable", NULL },
	{ "cfg.get", cfg_get, get_params, RPC_ROLE_READ,
	    "the value, or a struct of all", "the value of a variable",
	    "Of one process, if its pid is given." },
	{ "cfg.set", cfg_set, set_params, RPC_ROLE_ADMIN, APPLIED,
	    "sets a variable at once, by the type of the value",
	    "As cfg.set_now_int or cfg.set_now_string." },
	{ "cfg.set_now_int", cfg_set, now_int_params, RPC_ROLE_ADMIN,
	    APPLIED ", or what the variable's command returns",
	    "set a number at once, in all processes or in one",
	    "mem_dump_pkg and mem_dump_shm of group core are commands: to set "
	    "them to a pid, or to 1, dumps that pool, as the methods of the "
	    "same names do." },
	{ "cfg.set_now_string", cfg_set, now_string_params, RPC_ROLE_ADMIN,
	    APPLIED, "set a text at once, in all processes", NULL },
	{ "cfg.set_delayed_int", cfg_set_delayed, delayed_int_params,
	    RPC_ROLE_ADMIN, "delayed: how many sets wait",
	    "set a number with the next cfg.commit", DELAYED },
	{ "cfg.set_delayed_string", cfg_set_delayed, delayed_string_params,
	    RPC_ROLE_ADMIN, "delayed: how many sets wait",
	    "set a text with the next cfg.commit", DELAYED },
	{ "cfg.commit", cfg_commit, NULL, RPC_ROLE_ADMIN, APPLIED "; variables",
	    "applies the delayed sets", DELAYED },
	{ "cfg.rollback", cfg_rollback, NULL, RPC_ROLE_ADMIN,
	    "dropped: how many sets", "drops the delayed sets", DELAYED },
	{ "cfg.diff", cfg_diff, NULL, RPC_ROLE_READ,
	    "a struct for each variable", "shows the delayed sets", DELAYED },
	{ "cfg.reset", cfg_reset, group_params, RPC_ROLE_ADMIN,
	    APPLIED "; variables: how many have changed",
	    "gives a group the values that the service started with", NULL },
	{ NULL },
};
