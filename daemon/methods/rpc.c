/* SPDX-License-Identifier: ISC */
/* rpc.c - rpc.discover: all methods as an OpenRPC document. */
#include "config.h"

#include <stdio.h>

#include "daemon/methods/json.h"
#include "daemon/methods/methods.h"
#include "daemon/param.h"
#include "rpc/method.h"

#define OPENRPC "1.2.6" /* the version of the document's own rules */

static const char *const schema_types[RPC_TYPE__COUNT] = {
	[RPC_INT] = "integer",
	[RPC_STRING] = "string",
	[RPC_BOOL] = "boolean",
};

static void add(
    struct json_object *to, const char *key, struct json_object *value)
{
	json_object_object_add(to, key, value);
}

/* ---- errors: all of them are described once, methods refer to them ------- */

static bool always(const struct rpc_method *m)
{
	return true;
}

static bool takes_params(const struct rpc_method *m)
{
	return m->params != NULL;
}

static bool needs_role(const struct rpc_method *m)
{
	return m->role > RPC_ROLE_READ;
}

static const struct {
	const char *name;
	enum rpc_code code;
	const char *message;
	bool (*concerns)(const struct rpc_method *m); /* may it come of m? */
} errors[] = {
	{ "InvalidParams", RPC_INVALID_PARAMS,
	    "A parameter is missing, unknown, or of a type or value that is "
	    "not allowed",
	    takes_params },
	{ "InternalError", RPC_INTERNAL_ERROR, "Out of memory", always },
	{ "Failed", RPC_FAILED, "The method could not do it", always },
	{ "Denied", RPC_DENIED, "The role of the client does not allow it",
	    needs_role },
	{ "Limit", RPC_LIMIT, "Over a limit, which data.param names", always },
	{ "NotFound", RPC_NOT_FOUND, "There is nothing of that name or number",
	    takes_params },
	{ "Busy", RPC_BUSY, "Try again", always },
};
#define N_ERRORS (sizeof(errors) / sizeof(errors[0]))

static struct json_object *describe_errors(void)
{
	struct json_object *all = json_object_new_object();

	for (size_t i = 0; i < N_ERRORS; i++) {
		struct json_object *error = json_object_new_object();

		add_int(error, "code", errors[i].code);
		add_text(error, "message", errors[i].message);
		add(all, errors[i].name, error);
	}
	return all;
}

static struct json_object *refer_to_errors(const struct rpc_method *m)
{
	struct json_object *list = json_object_new_array();
	char path[64];

	for (size_t i = 0; i < N_ERRORS; i++) {
		struct json_object *ref;

		if (!errors[i].concerns(m))
			continue;
		ref = json_object_new_object();
		snprintf(path, sizeof(path), "#/components/errors/%s",
		    errors[i].name);
		add_text(ref, "$ref", path);
		json_object_array_add(list, ref);
	}
	return list;
}

/* ---- parameters and results ---------------------------------------------- */

/* The type of one value; an optional one may be null. Any: no rule at all. */
static struct json_object *describe_value(const struct rpc_param *p)
{
	struct json_object *schema = json_object_new_object();
	const char *type = schema_types[p->type];
	struct json_object *types;

	if (type == NULL)
		return schema;
	if (!p->optional || p->rest) {
		add_text(schema, "type", type);
		return schema;
	}
	types = json_object_new_array();
	json_object_array_add(types, json_object_new_string(type));
	json_object_array_add(types, json_object_new_string("null"));
	add(schema, "type", types);
	return schema;
}

static struct json_object *describe_type(const struct rpc_param *p)
{
	struct json_object *value = describe_value(p);
	struct json_object *list;

	if (!p->rest)
		return value;
	list = json_object_new_object();
	add_text(list, "type", "array");
	add(list, "items", value);
	return list;
}

static struct json_object *describe_param(const struct rpc_param *p)
{
	struct json_object *param = json_object_new_object();

	add_text(param, "name", p->name);
	if (p->help != NULL)
		add_text(param, "description", p->help);
	add(param, "required", json_object_new_boolean(!p->optional));
	add(param, "schema", describe_type(p));
	/* By position, it is not an array but all values from here on. */
	if (p->rest)
		add(param, "x-rest", json_object_new_boolean(true));
	return param;
}

static struct json_object *describe_params(const struct rpc_param *p)
{
	struct json_object *list = json_object_new_array();

	for (; p != NULL && p->name != NULL; p++)
		json_object_array_add(list, describe_param(p));
	return list;
}

/* What a result is, the row says in words. */
static struct json_object *describe_result(const struct rpc_method *m)
{
	struct json_object *result = json_object_new_object();

	add_text(result, "name", "result");
	add_text(result, "description", m->result);
	add(result, "schema", json_object_new_object());
	return result;
}

/* ---- the document -------------------------------------------------------- */

static struct json_object *describe_method(const struct rpc_method *m)
{
	struct json_object *method = json_object_new_object();

	add_text(method, "name", m->name);
	add_text(method, "summary", m->summary);
	if (m->help != NULL)
		add_text(method, "description", m->help);
	add_text(method, "paramStructure", "either");
	add(method, "params", describe_params(m->params));
	add(method, "result", describe_result(m));
	add(method, "errors", refer_to_errors(m));
	add_text(method, "x-role", rpc_role_names[m->role]);
	return method;
}

static struct json_object *describe_methods(
    const struct rpc_method *const *table)
{
	struct json_object *list = json_object_new_array();

	for (; *table != NULL; table++)
		for (const struct rpc_method *m = *table; m->name; m++)
			json_object_array_add(list, describe_method(m));
	return list;
}

static struct json_object *describe_service(void)
{
	struct json_object *info = json_object_new_object();

	add_text(info, "title", PACKAGE_NAME);
	add_text(info, "version", PACKAGE_VERSION);
	add_text(info, "description", "See kmemd-rpc(7).");
	return info;
}

static struct json_object *describe_servers(void)
{
	struct json_object *list = json_object_new_array();
	struct json_object *server = json_object_new_object();
	char url[128];

	snprintf(url, sizeof(url), "unix:%s", param_string(P_RPC_SOCKET));
	add_text(server, "name", "rpc_socket");
	add_text(server, "url", url);
	json_object_array_add(list, server);
	return list;
}

static void rpc_discover(struct rpc_call *call)
{
	struct json_object *document = json_object_new_object();
	struct json_object *components = json_object_new_object();

	add_text(document, "openrpc", OPENRPC);
	add(document, "info", describe_service());
	add(document, "servers", describe_servers());
	add(document, "methods", describe_methods(rpc_call_tables(call)));
	add(components, "errors", describe_errors());
	add(document, "components", components);
	rpc_reply(call, document);
}

const struct rpc_method rpc_methods[] = {
	{ "rpc.discover", rpc_discover, NULL, RPC_ROLE_READ,
	    "an OpenRPC document",
	    "all methods, with their parameters and roles, for programs",
	    "x-role is the role that a method needs. With x-rest, a parameter "
	    "is an array when given by name; by position, it is all values "
	    "from there on." },
	{ NULL },
};
