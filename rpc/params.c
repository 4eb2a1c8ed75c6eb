/* SPDX-License-Identifier: ISC */
/* params.c - by position or by name into the order of the row. */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "base/err.h"
#include "rpc/params.h"
#include "rpc/slice.h"

size_t params_count(const struct rpc_method *method)
{
	size_t n = 0;

	while (method->params != NULL && method->params[n].name != NULL)
		n++;
	return n;
}

static void put_text(char *buf, size_t size, const char *text)
{
	if ((size_t)snprintf(buf, size, "%s", text) >= size)
		slice_clip_utf8(buf);
}

/* The hint is how to call the method, and what the parameter means. */
static void put_hint(struct params_fault *fault, const struct rpc_method *m,
    const struct rpc_param *p)
{
	char signature[256];

	rpc_method_signature(m, signature, sizeof(signature));
	if (p == NULL || p->help == NULL)
		put_text(fault->hint, sizeof(fault->hint), signature);
	else if ((size_t)snprintf(fault->hint, sizeof(fault->hint),
		     "%s; %s: %s", signature, p->name,
		     p->help) >= sizeof(fault->hint))
		slice_clip_utf8(fault->hint);
}

__attribute__((format(printf, 5, 6))) static int fail(
    struct params_fault *fault, const struct rpc_method *m,
    const struct rpc_param *p, const char *name, const char *fmt, ...)
{
	va_list ap;
	int len;

	put_text(fault->param, sizeof(fault->param), name);
	put_hint(fault, m, p);
	va_start(ap, fmt);
	len = vsnprintf(fault->message, sizeof(fault->message), fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof(fault->message))
		slice_clip_utf8(fault->message);
	return -KM_EINVAL;
}

/*
 * json-c keeps what is too large as the nearest 64-bit number, so the lowest
 * one is refused: it may stand for anything below.
 */
static bool int_fits(struct json_object *value)
{
	return json_object_get_uint64(value) <= INT64_MAX &&
	       json_object_get_int64(value) > INT64_MIN;
}

/* A handler's strings end at the first NUL: one inside would be a cut. */
static bool string_fits(struct json_object *value)
{
	return strlen(json_object_get_string(value)) ==
	       (size_t)json_object_get_string_len(value);
}

static const struct {
	enum json_type json;
	const char *wanted;
	bool (*fits)(struct json_object *value);
	const char *unfit;
} types[RPC_TYPE__COUNT] = {
	[RPC_INT] = { json_type_int, "an integer", int_fits,
	    "does not fit into 64 bits" },
	[RPC_STRING] = { json_type_string, "a string", string_fits,
	    "has a NUL character inside" },
	[RPC_BOOL] = { json_type_boolean, "true or false", NULL, NULL },
	[RPC_ANY] = { json_type_null, "anything", NULL, NULL },
};

static int check_type(const struct rpc_method *m, const struct rpc_param *p,
    struct json_object *value, struct params_fault *fault)
{
	enum json_type got = json_object_get_type(value);

	if (p->type == RPC_ANY)
		return 0;
	if (got != types[p->type].json)
		return fail(fault, m, p, p->name,
		    "Invalid params: %s must be %s, not %s", p->name,
		    types[p->type].wanted, json_type_to_name(got));
	if (types[p->type].fits != NULL && !types[p->type].fits(value))
		return fail(fault, m, p, p->name, "Invalid params: %s %s",
		    p->name, types[p->type].unfit);
	return 0;
}

/* null stands for an optional parameter that is left out. */
static int bind_one(const struct rpc_method *m, size_t i,
    struct json_object *value, struct rpc_args *args,
    struct params_fault *fault)
{
	const struct rpc_param *p = &m->params[i];

	if (value == NULL && p->optional && p->type != RPC_ANY)
		return 0;
	args->arg[i].has = true;
	args->arg[i].value = value;
	return check_type(m, p, value, fault);
}

static int bind_rest(const struct rpc_method *m, size_t i,
    struct json_object *array, size_t from, struct rpc_args *args,
    struct params_fault *fault)
{
	size_t n = json_object_array_length(array);
	int rc = 0;

	for (; from < n && rc == 0; from++) {
		struct json_object *value =
		    json_object_array_get_idx(array, from);

		args->arg[i].has = true;
		rc = check_type(m, &m->params[i], value, fault);
		if (rc == 0 && json_object_array_add(
				   args->rest, json_object_get(value)) < 0)
			rc = -KM_ENOMEM;
	}
	return rc;
}

static int bind_array(const struct rpc_method *m, struct json_object *params,
    struct rpc_args *args, struct params_fault *fault)
{
	size_t n = json_object_array_length(params);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (args->count == 0)
			return fail(fault, m, NULL, "",
			    "Invalid params: %s takes no parameter, not %zu",
			    m->name, n);
		if (i >= args->count)
			return fail(fault, m, NULL, "",
			    "Invalid params: %s takes at most %zu, not %zu",
			    m->name, args->count, n);
		if (m->params[i].rest)
			return bind_rest(m, i, params, i, args, fault);
		rc = bind_one(
		    m, i, json_object_array_get_idx(params, i), args, fault);
	}
	return rc;
}

static size_t param_find(
    const struct rpc_method *m, size_t count, const char *name)
{
	size_t i = 0;

	while (i < count && strcmp(m->params[i].name, name) != 0)
		i++;
	return i;
}

static int bind_named(const struct rpc_method *m, const char *name,
    struct json_object *value, struct rpc_args *args,
    struct params_fault *fault)
{
	size_t i = param_find(m, args->count, name);

	if (i == args->count) {
		fail(fault, m, NULL, name, "%s", "");
		return fail(fault, m, NULL, name,
		    "Invalid params: %s has no parameter %s", m->name,
		    fault->param);
	}
	if (!m->params[i].rest)
		return bind_one(m, i, value, args, fault);
	if (!json_object_is_type(value, json_type_array))
		return fail(fault, m, &m->params[i], name,
		    "Invalid params: %s must be an array", name);
	return bind_rest(m, i, value, 0, args, fault);
}

static int bind_object(const struct rpc_method *m, struct json_object *params,
    struct rpc_args *args, struct params_fault *fault)
{
	json_object_object_foreach(params, name, value)
	{
		int rc = bind_named(m, name, value, args, fault);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_missing(const struct rpc_method *m, struct rpc_args *args,
    struct params_fault *fault)
{
	for (size_t i = 0; i < args->count; i++)
		if (!args->arg[i].has && !m->params[i].optional)
			return fail(fault, m, &m->params[i], m->params[i].name,
			    "Invalid params: %s is missing", m->params[i].name);
	return 0;
}

int params_bind(const struct rpc_method *method, struct json_object *params,
    struct rpc_args *args, struct params_fault *fault)
{
	int rc = 0;

	memset(fault, 0, sizeof(*fault));
	args->count = params_count(method);
	if (args->count > 0 && method->params[args->count - 1].rest) {
		args->rest = json_object_new_array();
		if (args->rest == NULL)
			return -KM_ENOMEM;
	}
	if (json_object_is_type(params, json_type_array))
		rc = bind_array(method, params, args, fault);
	else if (params != NULL)
		rc = bind_object(method, params, args, fault);
	return rc < 0 ? rc : check_missing(method, args, fault);
}

void args_fini(struct rpc_args *args)
{
	json_object_put(args->rest);
	args->rest = NULL;
}
