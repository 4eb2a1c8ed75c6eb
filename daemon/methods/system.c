/* SPDX-License-Identifier: ISC */
/* system.c - system.*: the methods about methods. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/near.h"
#include "daemon/methods/json.h"
#include "daemon/methods/methods.h"
#include "rpc/method.h"

#define TEXT_SIZE 4096 /* bytes of help or signature */

static int by_name(const void *a, const void *b)
{
	struct json_object *const *x = a, *const *y = b;

	return strcmp(json_object_get_string(*x), json_object_get_string(*y));
}

static void system_list(struct rpc_call *call)
{
	const struct rpc_method *const *table = rpc_call_tables(call);
	struct json_object *reply = json_object_new_array();

	for (; *table != NULL; table++)
		for (const struct rpc_method *m = *table; m->name; m++)
			json_object_array_add(
			    reply, json_object_new_string(m->name));
	json_object_array_sort(reply, by_name);
	rpc_reply(call, reply);
}

/* The row that a parameter names; ends the call when there is none. */
static const struct rpc_method *named(struct rpc_call *call)
{
	const char *name = rpc_arg_string(call, 0);
	const struct rpc_method *method =
	    rpc_method_find(rpc_call_tables(call), name);
	char hint[NEAR_HINT_SIZE];

	if (method == NULL)
		rpc_fail_param(call, RPC_NOT_FOUND, "name",
		    rpc_method_hint(rpc_call_tables(call), name,
			"system.listMethods shows all", hint, sizeof(hint)),
		    "no method \"%s\"", name);
	return method;
}

static void system_help(struct rpc_call *call)
{
	const struct rpc_method *method = named(call);
	char text[TEXT_SIZE];

	if (method == NULL)
		return;
	snprintf(text, sizeof(text), "%s%s%s", method->summary,
	    method->help != NULL ? "\n" : "",
	    method->help != NULL ? method->help : "");
	rpc_reply(call, json_object_new_string(text));
}

static void system_signature(struct rpc_call *call)
{
	const struct rpc_method *method = named(call);
	char text[TEXT_SIZE];

	if (method == NULL)
		return;
	rpc_reply(call, json_object_new_string(
			    rpc_method_signature(method, text, sizeof(text))));
}

static const struct rpc_param name_params[] = {
	{ "name", RPC_STRING, .help = "of a method" },
	{ NULL },
};

const struct rpc_method system_methods[] = {
	{ "system.listMethods", system_list, NULL, RPC_ROLE_READ,
	    "an array of names", "the names of all methods", NULL },
	{ "system.methodHelp", system_help, name_params, RPC_ROLE_READ,
	    "a text", "what a method is for", NULL },
	{ "system.methodSignature", system_signature, name_params,
	    RPC_ROLE_READ, "a text", "parameters of a method, with their types",
	    NULL },
	{ NULL },
};
