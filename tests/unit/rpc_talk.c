/* SPDX-License-Identifier: ISC */
/* rpc_talk.c - the methods, and what is said. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/err.h"
#include "rpc_talk.h"

struct talk talk;

/* --- methods --- */

static void handle_subtract(struct rpc_call *call)
{
	rpc_reply(call,
	    json_object_new_int64(rpc_arg_int(call, 0) - rpc_arg_int(call, 1)));
}

static void handle_sum(struct rpc_call *call)
{
	struct json_object *rest = rpc_arg_rest(call);
	int64_t sum = 0;

	for (size_t i = 0; i < json_object_array_length(rest); i++)
		sum +=
		    json_object_get_int64(json_object_array_get_idx(rest, i));
	rpc_reply(call, json_object_new_int64(sum));
}

static void handle_notify(struct rpc_call *call)
{
	talk.notified++;
	rpc_reply(call, NULL);
}

static void handle_get_data(struct rpc_call *call)
{
	struct json_object *data = json_object_new_array();

	json_object_array_add(data, json_object_new_string("hello"));
	json_object_array_add(data, json_object_new_int(5));
	rpc_reply(call, data);
}

static void handle_echo(struct rpc_call *call)
{
	rpc_reply(call, json_object_get(rpc_arg_any(call, 0)));
}

static void on_cancel(void *arg)
{
	(*(size_t *)arg)++;
}

static void handle_later(struct rpc_call *call)
{
	rpc_call_on_cancel(call, on_cancel, &talk.cancelled);
	ck_assert_uint_lt(talk.n_deferred, 8);
	talk.deferred[talk.n_deferred++] = call;
}

static void on_release(void *data)
{
	ck_assert_ptr_eq(data, &talk.kept);
	talk.released++;
}

/* How often it was called before on this connection. */
static void handle_count(struct rpc_call *call)
{
	size_t *count = rpc_call_kept(call, on_release);

	if (count == NULL) {
		talk.kept = 0;
		count = &talk.kept;
		ck_assert_int_eq(rpc_call_keep(call, count, on_release), 0);
	}
	ck_assert_int_eq(rpc_call_keep(call, NULL, on_release), -KM_EEXIST);
	rpc_reply(call, json_object_new_int64((int64_t)(*count)++));
}

static void handle_typed(struct rpc_call *call)
{
	struct json_object *result = json_object_new_object();

	if (rpc_arg_has(call, 0))
		json_object_object_add(
		    result, "int", json_object_new_int64(rpc_arg_int(call, 0)));
	if (rpc_arg_has(call, 1))
		json_object_object_add(result, "string",
		    json_object_new_string(rpc_arg_string(call, 1)));
	else
		ck_assert_ptr_null(rpc_arg_string(call, 1));
	if (rpc_arg_has(call, 2))
		json_object_object_add(result, "bool",
		    json_object_new_boolean(rpc_arg_bool(call, 2)));
	rpc_reply(call, result);
}

static void handle_fail(struct rpc_call *call)
{
	rpc_fail_param(call, RPC_NOT_FOUND, "pid", "5, 6 or 7", "no process %d",
	    (int)rpc_arg_int(call, 0));
}

static void handle_large(struct rpc_call *call)
{
	size_t n = (size_t)rpc_arg_int(call, 0);
	char *text = calloc(1, n + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', n);
	rpc_reply(call, json_object_new_string(text));
	free(text);
}

static const struct rpc_param two_ints[] = {
	{ "minuend", RPC_INT, false, false, "to subtract from" },
	{ "subtrahend", RPC_INT, false, false, "what to subtract" },
	{ NULL },
};
static const struct rpc_param ints[] = {
	{ "number", RPC_INT, true, true, "to be added" },
	{ NULL },
};
static const struct rpc_param any[] = {
	{ "value", RPC_ANY, false, false, "anything" },
	{ NULL },
};
static const struct rpc_param anys[] = {
	{ "value", RPC_ANY, true, true, "anything" },
	{ NULL },
};
static const struct rpc_param typed[] = {
	{ "i", RPC_INT, true, false, "a number" },
	{ "s", RPC_STRING, true, false, "a text" },
	{ "b", RPC_BOOL, true, false, "a flag" },
	{ NULL },
};
static const struct rpc_param one_int[] = {
	{ "pid", RPC_INT, false, false, NULL },
	{ NULL },
};

static const struct rpc_method some[] = {
	{ "subtract", handle_subtract, two_ints },
	{ "sum", handle_sum, ints },
	{ "get_data", handle_get_data, NULL },
	{ "notify_hello", handle_notify, anys },
	{ "update", handle_notify, anys },
	{ NULL },
};
static const struct rpc_method more[] = {
	{ "echo", handle_echo, any },
	{ "later", handle_later, NULL },
	{ "typed", handle_typed, typed },
	{ "fail", handle_fail, one_int },
	{ "large", handle_large, one_int },
	{ "count", handle_count, NULL },
	{ "admin_only", handle_notify, NULL, RPC_ROLE_ADMIN },
	{ NULL },
};
const struct rpc_method *const talk_tables[] = { some, more, NULL };

/* --- a session that writes into memory --- */

static void on_output(void *arg, const char *text, size_t len)
{
	ck_assert_ptr_eq(arg, &talk);
	ck_assert_uint_gt(len, 0);
	ck_assert_int_eq(text[len - 1], '\n');
	ck_assert_uint_lt(talk.len + len, sizeof(talk.output));
	memcpy(talk.output + talk.len, text, len);
	talk.len += len;
	talk.output[talk.len] = '\0';
}

static void on_ended(void *arg)
{
	talk.ended++;
}

void talk_open(enum rpc_role role)
{
	struct rpc_session_options opt = {
		.tables = talk.tables,
		.limits = &talk.limits,
		.role = role,
		.peer = { 77, 1000, 1000 },
		.output = on_output,
		.total = talk.total,
		.ended = on_ended,
		.arg = &talk,
	};

	ck_assert_int_eq(session_new(&opt, &talk.session), 0);
}

void talk_setup(void)
{
	talk_setup_for(talk_tables);
}

void talk_setup_for(const struct rpc_method *const *tables)
{
	memset(&talk, 0, sizeof(talk));
	talk.tables = tables;
	limits_fill(&talk.limits, NULL);
	talk_open(RPC_ROLE_ADMIN);
}

void talk_teardown(void)
{
	session_free(&talk.session);
	ck_assert_ptr_null(talk.session);
}

void talk_feed(const char *text, size_t len)
{
	while (len > 0) {
		size_t used = session_feed(talk.session, text, len);

		ck_assert_uint_gt(used, 0);
		ck_assert_uint_le(used, len);
		text += used;
		len -= used;
	}
}

const char *talk_ask(const char *text)
{
	talk.len = 0;
	talk.output[0] = '\0';
	talk_feed(text, strlen(text));
	return talk.output;
}

struct json_object *talk_member(const char *path)
{
	struct json_object *obj = talk.reply;
	char name[64];

	for (; obj != NULL && *path != '\0'; path += *path == '.') {
		size_t n = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		if (!json_object_object_get_ex(obj, name, &obj))
			return NULL;
		path += n;
	}
	return obj;
}

void talk_next(const char *request)
{
	const char *text = talk_ask(request);

	json_object_put(talk.reply);
	talk.reply = json_tokener_parse(text);
	ck_assert_msg(talk.reply != NULL, "no JSON: %s", text);
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
}

void talk_done(void)
{
	json_object_put(talk.reply);
	talk.reply = NULL;
}

void talk_expect_error(int code, const char *param)
{
	struct json_object *got = talk_member("error.data.param");

	ck_assert_msg(json_object_get_int(talk_member("error.code")) == code,
	    "not %d: %s", code, talk.output);
	if (param != NULL)
		ck_assert_str_eq(json_object_get_string(got), param);
	else
		ck_assert_ptr_null(got);
}
