/* SPDX-License-Identifier: ISC */
/* check_rpc_dispatch.c - bytes in, replies out: all of it without a socket. */
#include "config.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "rpc/limits.h"
#include "rpc/session.h"

#define OUTPUT_SIZE (1 << 20)

static struct {
	struct rpc_limits limits;
	struct rpc_session *session;
	char output[OUTPUT_SIZE];
	size_t len;
	struct rpc_call *deferred[8];
	size_t n_deferred;
	size_t ended, cancelled, notified;
} t;

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
	t.notified++;
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
	rpc_call_on_cancel(call, on_cancel, &t.cancelled);
	ck_assert_uint_lt(t.n_deferred, 8);
	t.deferred[t.n_deferred++] = call;
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
	{ "admin_only", handle_notify, NULL, RPC_ROLE_ADMIN },
	{ NULL },
};
static const struct rpc_method *const tables[] = { some, more, NULL };

/* --- a session that writes into memory --- */

static void on_output(void *arg, const char *text, size_t len)
{
	ck_assert_ptr_eq(arg, &t);
	ck_assert_uint_gt(len, 0);
	ck_assert_int_eq(text[len - 1], '\n');
	ck_assert_uint_lt(t.len + len, sizeof(t.output));
	memcpy(t.output + t.len, text, len);
	t.len += len;
	t.output[t.len] = '\0';
}

static void on_ended(void *arg)
{
	t.ended++;
}

static void open_as(enum rpc_role role)
{
	struct rpc_session_options opt = {
		.tables = tables,
		.limits = &t.limits,
		.role = role,
		.peer = { 77, 1000, 1000 },
		.output = on_output,
		.ended = on_ended,
		.arg = &t,
	};

	ck_assert_int_eq(session_new(&opt, &t.session), 0);
}

static void setup(void)
{
	memset(&t, 0, sizeof(t));
	limits_fill(&t.limits, NULL);
	open_as(RPC_ROLE_ADMIN);
}

static void teardown(void)
{
	session_free(&t.session);
	ck_assert_ptr_null(t.session);
}

static void feed_bytes(const char *text, size_t len)
{
	while (len > 0) {
		size_t used = session_feed(t.session, text, len);

		ck_assert_uint_gt(used, 0);
		ck_assert_uint_le(used, len);
		text += used;
		len -= used;
	}
}

static const char *ask(const char *text)
{
	t.len = 0;
	t.output[0] = '\0';
	feed_bytes(text, strlen(text));
	return t.output;
}

/* The first reply; member by member, a "." between. Borrowed till next(). */
static struct json_object *reply;

static struct json_object *member(const char *path)
{
	struct json_object *obj = reply;
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

static void next(const char *request)
{
	const char *text = ask(request);

	json_object_put(reply);
	reply = json_tokener_parse(text);
	ck_assert_msg(reply != NULL, "no JSON: %s", text);
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
}

static void done(void)
{
	json_object_put(reply);
	reply = NULL;
}

static void expect_error(int code, const char *param)
{
	struct json_object *got = member("error.data.param");

	ck_assert_msg(json_object_get_int(member("error.code")) == code,
	    "not %d: %s", code, t.output);
	if (param != NULL)
		ck_assert_str_eq(json_object_get_string(got), param);
	else
		ck_assert_ptr_null(got);
}

#define CALL(method, rest)                                                     \
	"{\"jsonrpc\":\"2.0\",\"method\":\"" method "\"," rest "\"id\":1}\n"

/* --- section 7 of the specification --- */

static const struct {
	const char *request, *reply;
} examples[] = {
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": [42, "
	  "23], \"id\": 1}",
	    "{\"jsonrpc\":\"2.0\",\"result\":19,\"id\":1}\n" },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": [23, "
	  "42], \"id\": 2}",
	    "{\"jsonrpc\":\"2.0\",\"result\":-19,\"id\":2}\n" },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": "
	  "{\"subtrahend\": 23, \"minuend\": 42}, \"id\": 3}",
	    "{\"jsonrpc\":\"2.0\",\"result\":19,\"id\":3}\n" },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": "
	  "{\"minuend\": 42, \"subtrahend\": 23}, \"id\": 4}",
	    "{\"jsonrpc\":\"2.0\",\"result\":19,\"id\":4}\n" },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"update\", \"params\": "
	  "[1,2,3,4,5]}",
	    "" },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"foobar\"}", "" },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"foobar\", \"id\": \"1\"}",
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,\"message\":"
	    "\"Method not found: foobar\",\"data\":{\"param\":\"method\"}},"
	    "\"id\":\"1\"}\n" },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", "
	  "\"baz]\n",
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":"
	    "\"Parse error: at byte 40 of the request, expected ',' or the "
	    "closing bracket\",\"data\":{\"hint\":\"input up to the next "
	    "newline is ignored\"}},\"id\":null}\n" },
	{ "{\"jsonrpc\": \"2.0\", \"method\": 1, \"params\": \"bar\"}",
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":"
	    "\"Invalid Request: no method's name\",\"data\":{\"param\":"
	    "\"method\",\"hint\":\"\\\"method\\\":\\\"NAME\\\", a string\"}},"
	    "\"id\":null}\n" },
	{ "[\n  {\"jsonrpc\": \"2.0\", \"method\": \"sum\", \"params\": "
	  "[1,2,4], \"id\": \"1\"},\n  {\"jsonrpc\": \"2.0\", \"method\"\n]\n",
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":"
	    "\"Parse error: at byte 102 of the request, expected ':'\","
	    "\"data\":{\"hint\":\"input up to the next newline is ignored\"}},"
	    "\"id\":null}\n" },
	{ "[]",
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":"
	    "\"Invalid Request: an empty batch\",\"data\":{\"hint\":\"1 to 100 "
	    "requests in a batch, not 0\"}},\"id\":null}\n" },
#define NO_OBJECT                                                              \
	"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":"         \
	"\"Invalid Request: no object\",\"data\":{\"hint\":\"{\\\"jsonrpc\\\"" \
	":\\\"2.0\\\",\\\"method\\\":\\\"NAME\\\",\\\"id\\\":1}\"}},"          \
	"\"id\":null}"
	{ "[1]", "[" NO_OBJECT "]\n" },
	{ "[1,2,3]", "[" NO_OBJECT "," NO_OBJECT "," NO_OBJECT "]\n" },
	{ "[ {\"jsonrpc\": \"2.0\", \"method\": \"sum\", \"params\": [1,2,4], "
	  "\"id\": \"1\"},"
	  "{\"jsonrpc\": \"2.0\", \"method\": \"notify_hello\", \"params\": "
	  "[7]},"
	  "{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": "
	  "[42,23], \"id\": \"2\"},"
	  "{\"foo\": \"boo\"},"
	  "{\"jsonrpc\": \"2.0\", \"method\": \"foo.get\", \"params\": "
	  "{\"name\": \"myself\"}, \"id\": \"5\"},"
	  "{\"jsonrpc\": \"2.0\", \"method\": \"get_data\", \"id\": \"9\"} ]",
	    "[{\"jsonrpc\":\"2.0\",\"result\":7,\"id\":\"1\"},"
	    "{\"jsonrpc\":\"2.0\",\"result\":19,\"id\":\"2\"},"
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":"
	    "\"Invalid Request: wrong version\",\"data\":{\"param\":"
	    "\"jsonrpc\",\"hint\":\"\\\"jsonrpc\\\":\\\"2.0\\\"\"}},"
	    "\"id\":null},"
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,\"message\":"
	    "\"Method not found: foo.get\",\"data\":{\"param\":\"method\"}},"
	    "\"id\":\"5\"},"
	    "{\"jsonrpc\":\"2.0\",\"result\":[\"hello\",5],\"id\":\"9\"}]\n" },
	{ "[{\"jsonrpc\": \"2.0\", \"method\": \"notify_sum\", \"params\": "
	  "[1,2,4]},"
	  "{\"jsonrpc\": \"2.0\", \"method\": \"notify_hello\", \"params\": "
	  "[7]}]",
	    "" },
};
#define N_EXAMPLES ((int)(sizeof(examples) / sizeof(examples[0])))

START_TEST(every_example_of_the_specification_is_answered_as_it_says)
{
	ck_assert_str_eq(ask(examples[_i].request), examples[_i].reply);
	session_end(t.session);
	ck_assert_str_eq(t.output, examples[_i].reply);
}
END_TEST

START_TEST(it_does_not_matter_how_the_bytes_are_cut)
{
	const char *request = examples[_i].request;

	for (; *request != '\0'; request++)
		feed_bytes(request, 1);
	session_end(t.session);
	ck_assert_str_eq(t.output, examples[_i].reply);
}
END_TEST

/* --- ids --- */

static const char *const ids[] = { "0", "-1", "1.0", "1e3", "1E+3", "-0",
	"123456789012345678901234567890", "18446744073709551616",
	"0.1000000000000000055511151231257827", "null", "\"\"", "\"a\"",
	"\"\\u0041\\/\\n\\\"\"", "\"\xc3\xa9\"", "\"a\\u0000b\"",
	"\"]}, {[\"" };

START_TEST(an_id_comes_back_byte_for_byte)
{
	char request[256], expected[256];

	snprintf(request, sizeof(request),
	    "{\"jsonrpc\":\"2.0\",\"id\": %s ,\"method\":\"get_data\"}",
	    ids[_i]);
	snprintf(expected, sizeof(expected),
	    "{\"jsonrpc\":\"2.0\",\"result\":[\"hello\",5],\"id\":%s}\n",
	    ids[_i]);
	ck_assert_str_eq(ask(request), expected);
}
END_TEST

START_TEST(an_id_of_another_type_is_refused_with_id_null)
{
	static const char *const wrong[] = { "[1]", "{\"a\":1}", "true",
		"false" };
	char request[256];

	for (size_t i = 0; i < 4; i++) {
		snprintf(request, sizeof(request),
		    "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"get_data\"}",
		    wrong[i]);
		next(request);
		expect_error(RPC_INVALID_REQUEST, "id");
		ck_assert(json_object_object_get_ex(reply, "id", NULL));
		ck_assert_ptr_null(member("id"));
	}
	done();
}
END_TEST

START_TEST(the_last_of_two_ids_counts_and_escaped_names_are_understood)
{
	ck_assert_str_eq(
	    ask("{\"id\":1,\"\\u006asonrpc\":\"2\\u002e0\",\"i\\u0064\":2,"
		"\"method\":\"get_d\\u0061ta\",\"else\":{\"id\":7}}"),
	    "{\"jsonrpc\":\"2.0\",\"result\":[\"hello\",5],\"id\":2}\n");
}
END_TEST

START_TEST(an_invalid_request_with_an_id_is_answered_with_it)
{
	next("{\"method\":\"echo\",\"id\":\"x\"}");
	expect_error(RPC_INVALID_REQUEST, "jsonrpc");
	ck_assert_str_eq(json_object_get_string(member("id")), "x");
	next("{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":3,\"id\":4}");
	expect_error(RPC_INVALID_REQUEST, "params");
	ck_assert_int_eq(json_object_get_int(member("id")), 4);
	next("{\"jsonrpc\":\"2.0\",\"method\":\"get_data\\u0000\",\"id\":4}");
	expect_error(RPC_INVALID_REQUEST, "method");
	done();
}
END_TEST

START_TEST(a_very_long_method_name_is_named_in_part_and_stays_utf8)
{
	char request[1024];
	size_t n = 0;

	for (size_t shift = 0; shift < 4; shift++) {
		n = (size_t)snprintf(request, sizeof(request),
		    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%.*s",
		    (int)shift, "xxx");
		for (int i = 0; i < 100; i++, n += 3)
			memcpy(request + n, "\xe2\x82\xac", 4);
		snprintf(request + n, sizeof(request) - n, "\"}");
		next(request);
		expect_error(RPC_METHOD_NOT_FOUND, "method");
		feed_bytes(t.output, t.len); /* no parse error */
		ck_assert_ptr_null(strstr(t.output, "-32700"));
	}
	done();
}
END_TEST

/* --- parameters --- */

static const struct {
	const char *request, *param, *words;
} misfits[] = {
	{ CALL("subtract", ""), "minuend", "minuend is missing" },
	{ CALL("subtract", "\"params\":[1],"), "subtrahend", "is missing" },
	{ CALL("subtract", "\"params\":[1,2,3],"), NULL,
	    "takes at most 2, not 3" },
	{ CALL("subtract", "\"params\":{\"minuend\":1,\"sub\":2},"), "sub",
	    "no parameter sub" },
	{ CALL("subtract", "\"params\":[1,\"2\"],"), "subtrahend",
	    "an integer, not string" },
	{ CALL("subtract", "\"params\":[1,2.5],"), "subtrahend",
	    "an integer, not double" },
	{ CALL("subtract", "\"params\":[null,2],"), "minuend",
	    "an integer, not null" },
	{ CALL("subtract", "\"params\":[1,9223372036854775808],"), "subtrahend",
	    "64 bits" },
	{ CALL("subtract", "\"params\":[-99999999999999999999,1],"), "minuend",
	    "64 bits" },
	{ CALL("get_data", "\"params\":[1],"), NULL, "takes at most 0" },
	{ CALL("get_data", "\"params\":{\"a\":1},"), "a", "no parameter a" },
	{ CALL("sum", "\"params\":[1,2,\"3\"],"), "number", "an integer" },
	{ CALL("sum", "\"params\":{\"number\":3},"), "number", "an array" },
	{ CALL("typed", "\"params\":{\"b\":1},"), "b", "true or false" },
	{ CALL("typed", "\"params\":{\"s\":\"a\\u0000b\"},"), "s",
	    "NUL character" },
};
#define N_MISFITS ((int)(sizeof(misfits) / sizeof(misfits[0])))

START_TEST(wrong_params_are_named_with_what_would_be_right)
{
	const char *hint;

	next(misfits[_i].request);
	expect_error(RPC_INVALID_PARAMS, misfits[_i].param);
	ck_assert_ptr_nonnull(
	    strstr(json_object_get_string(member("error.message")),
		misfits[_i].words));
	hint = json_object_get_string(member("error.data.hint"));
	ck_assert_ptr_nonnull(hint);
	if (strncmp(hint, "subtract", 8) == 0)
		ck_assert_ptr_nonnull(
		    strstr(hint, "subtract minuend:int subtrahend:int"));
	done();
}
END_TEST

START_TEST(params_that_fit_reach_the_handler_in_the_order_of_the_row)
{
	static const struct {
		const char *request, *result;
	} good[] = {
		{ CALL("typed", ""), "{}" },
		{ CALL("typed", "\"params\":[],"), "{}" },
		{ CALL("typed", "\"params\":{},"), "{}" },
		{ CALL("typed", "\"params\":[5],"), "{\"int\":5}" },
		{ CALL("typed", "\"params\":[null,\"x/y\",null],"),
		    "{\"string\":\"x/y\"}" },
		{ CALL(
		      "typed", "\"params\":{\"b\":false,\"s\":\"\",\"i\":-9},"),
		    "{\"int\":-9,\"string\":\"\",\"bool\":false}" },
		{ CALL("typed", "\"params\":[9223372036854775807],"),
		    "{\"int\":9223372036854775807}" },
		{ CALL("sum", ""), "0" },
		{ CALL("sum", "\"params\":{\"number\":[1,2]},"), "3" },
		{ CALL("echo", "\"params\":[null],"), "null" },
		{ CALL("echo", "\"params\":[{\"a\":[1.50,\"\\u00e9\"]}],"),
		    "{\"a\":[1.50,\"\xc3\xa9\"]}" },
	};
	char expected[256];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(expected, sizeof(expected),
		    "{\"jsonrpc\":\"2.0\",\"result\":%s,\"id\":1}\n",
		    good[i].result);
		ck_assert_str_eq(ask(good[i].request), expected);
	}
}
END_TEST

START_TEST(an_error_of_the_handler_carries_its_param_and_hint)
{
	ck_assert_str_eq(ask(CALL("fail", "\"params\":[42],")),
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32003,\"message\":\"no "
	    "process 42\",\"data\":{\"param\":\"pid\",\"hint\":\"5, 6 or 7\"}},"
	    "\"id\":1}\n");
}
END_TEST

START_TEST(a_method_above_the_peers_role_is_denied_and_says_both_roles)
{
	session_free(&t.session);
	open_as(RPC_ROLE_READ);
	next(CALL("admin_only", ""));
	expect_error(RPC_DENIED, NULL);
	ck_assert_str_eq(json_object_get_string(member("error.message")),
	    "Denied: admin_only needs role admin, uid 1000 (pid 77) has role "
	    "read");
	ck_assert_uint_eq(t.notified, 0);
	done();
}
END_TEST

START_TEST(a_notification_runs_and_is_never_answered)
{
	ck_assert_str_eq(
	    ask("{\"jsonrpc\":\"2.0\",\"method\":\"update\"}"), "");
	ck_assert_uint_eq(t.notified, 1);
	ck_assert_str_eq(ask("{\"jsonrpc\":\"2.0\",\"method\":\"subtract\"}"
			     "{\"jsonrpc\":\"2.0\",\"method\":\"nothing\"}"),
	    "");
	ck_assert_uint_eq(session_running(t.session), 0);
}
END_TEST

/* --- limits --- */

START_TEST(a_batch_over_its_limit_is_refused_as_a_whole)
{
	t.limits.batch = 3;
	ck_assert_str_eq(
	    ask("[1,2,3]"), "[" NO_OBJECT "," NO_OBJECT "," NO_OBJECT "]\n");
	next("[1,2,3,4]");
	expect_error(RPC_LIMIT, "rpc_batch");
	done();
}
END_TEST

START_TEST(a_reply_at_the_limit_goes_out_and_one_byte_more_is_an_error)
{
	char request[128];
	size_t frame =
	    strlen("{\"jsonrpc\":\"2.0\",\"result\":\"\",\"id\":7}\n");

	t.limits.reply_size = 1000;
	snprintf(request, sizeof(request),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"large\",\"params\":[%zu],"
	    "\"id\":7}",
	    1000 - frame);
	ask(request);
	ck_assert_uint_eq(t.len, 1000);
	snprintf(request, sizeof(request),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"large\",\"params\":[%zu],"
	    "\"id\":7}",
	    1000 - frame + 1);
	next(request);
	expect_error(RPC_LIMIT, "rpc_reply_size");
	ck_assert_int_eq(json_object_get_int(member("id")), 7);
	done();
}
END_TEST

START_TEST(replies_of_a_batch_share_the_limit)
{
	t.limits.reply_size = 1000;
	ask("[{\"jsonrpc\":\"2.0\",\"method\":\"large\",\"params\":[600],"
	    "\"id\":1},"
	    "{\"jsonrpc\":\"2.0\",\"method\":\"large\",\"params\":[600],"
	    "\"id\":2},"
	    "{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":3}]");
	ck_assert_ptr_nonnull(strstr(t.output, "xxx\",\"id\":1}"));
	ck_assert_ptr_nonnull(strstr(t.output, "\"rpc_reply_size\""));
	ck_assert_ptr_nonnull(strstr(t.output, "},\"id\":2}"));
	ck_assert_ptr_nonnull(strstr(t.output, "\"id\":3}"));
	ck_assert_uint_lt(t.len, 1000 + 400);
}
END_TEST

/* --- calls that end later --- */

START_TEST(a_deferred_call_is_answered_when_it_ends)
{
	ck_assert_str_eq(ask(CALL("later", "")), "");
	ck_assert_uint_eq(session_running(t.session), 1);
	ck_assert_str_eq(ask(CALL("sum", "")),
	    "{\"jsonrpc\":\"2.0\",\"result\":0,\"id\":1}\n");
	t.len = 0;
	rpc_reply(t.deferred[0], json_object_new_int(5));
	ck_assert_str_eq(
	    t.output, "{\"jsonrpc\":\"2.0\",\"result\":5,\"id\":1}\n");
	ck_assert_uint_eq(t.ended, 1);
	ck_assert_uint_eq(session_running(t.session), 0);
	ck_assert_uint_eq(session_completed(t.session), 2);
	ck_assert_uint_eq(t.cancelled, 0);
}
END_TEST

#define LATER(id) "{\"jsonrpc\":\"2.0\",\"method\":\"later\",\"id\":" id "}"

START_TEST(a_batch_is_answered_when_its_last_call_ends_and_in_its_order)
{
	ck_assert_str_eq(
	    ask("[" LATER("1") "," LATER("2") ",1," LATER(
		"3") ",{\"jsonrpc\":\"2.0\",\"method\":\"later\"}]"),
	    "");
	rpc_reply(t.deferred[3], NULL);
	rpc_reply(t.deferred[1], json_object_new_int(2));
	rpc_fail(t.deferred[2], RPC_BUSY, "busy");
	ck_assert_str_eq(t.output, "");
	rpc_reply(t.deferred[0], json_object_new_int(1));
	ck_assert_str_eq(t.output,
	    "[{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":1},"
	    "{\"jsonrpc\":\"2.0\",\"result\":2,\"id\":2}," NO_OBJECT
	    ",{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32004,\"message\":"
	    "\"busy\"},\"id\":3}]\n");
}
END_TEST

START_TEST(calls_that_run_when_the_session_goes_are_cancelled_each_once)
{
	ask("[" LATER("1") "," LATER("2") "]" LATER("3"));
	rpc_reply(t.deferred[1], NULL);
	session_free(&t.session);
	ck_assert_uint_eq(t.cancelled, 2);
	ck_assert_str_eq(t.output, "");
}
END_TEST

static void end_the_first(void *arg)
{
	rpc_reply(t.deferred[0], NULL);
}

START_TEST(a_cancel_hook_may_end_another_call_of_the_session)
{
	ask(LATER("1") LATER("2"));
	rpc_call_on_cancel(t.deferred[1], end_the_first, NULL);
	session_free(&t.session);
	ck_assert_uint_eq(t.cancelled, 0);
	ck_assert_str_eq(t.output, "");
}
END_TEST

START_TEST(a_session_that_is_forgotten_runs_no_hook)
{
	ask(LATER("1"));
	session_forget(&t.session);
	ck_assert_uint_eq(t.cancelled, 0);
}
END_TEST

/* --- the table --- */

START_TEST(a_method_is_found_in_any_table_and_has_a_signature)
{
	char buf[128];

	ck_assert_ptr_eq(rpc_method_find(tables, "echo"), &more[0]);
	ck_assert_ptr_eq(rpc_method_find(tables, "sum"), &some[1]);
	ck_assert_ptr_null(rpc_method_find(tables, "su"));
	ck_assert_ptr_null(rpc_method_find(tables, ""));
	ck_assert_str_eq(rpc_method_signature(&some[1], buf, sizeof(buf)),
	    "sum [number:int ...]");
	ck_assert_str_eq(rpc_method_signature(&more[2], buf, sizeof(buf)),
	    "typed [i:int] [s:string] [b:bool]");
	ck_assert_str_eq(
	    rpc_method_signature(&some[2], buf, sizeof(buf)), "get_data");
	ck_assert_str_eq(
	    rpc_method_signature(&some[0], buf, 12), "subtract mi");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_dispatch");
	TCase *tc = tcase_create("dispatch");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc,
	    every_example_of_the_specification_is_answered_as_it_says, 0,
	    N_EXAMPLES);
	tcase_add_loop_test(
	    tc, it_does_not_matter_how_the_bytes_are_cut, 0, N_EXAMPLES);
	tcase_add_loop_test(tc, an_id_comes_back_byte_for_byte, 0,
	    (int)(sizeof(ids) / sizeof(ids[0])));
	tcase_add_test(tc, an_id_of_another_type_is_refused_with_id_null);
	tcase_add_test(
	    tc, the_last_of_two_ids_counts_and_escaped_names_are_understood);
	tcase_add_test(tc, an_invalid_request_with_an_id_is_answered_with_it);
	tcase_add_test(
	    tc, a_very_long_method_name_is_named_in_part_and_stays_utf8);
	tcase_add_loop_test(
	    tc, wrong_params_are_named_with_what_would_be_right, 0, N_MISFITS);
	tcase_add_test(
	    tc, params_that_fit_reach_the_handler_in_the_order_of_the_row);
	tcase_add_test(tc, an_error_of_the_handler_carries_its_param_and_hint);
	tcase_add_test(
	    tc, a_method_above_the_peers_role_is_denied_and_says_both_roles);
	tcase_add_test(tc, a_notification_runs_and_is_never_answered);
	tcase_add_test(tc, a_batch_over_its_limit_is_refused_as_a_whole);
	tcase_add_test(
	    tc, a_reply_at_the_limit_goes_out_and_one_byte_more_is_an_error);
	tcase_add_test(tc, replies_of_a_batch_share_the_limit);
	tcase_add_test(tc, a_deferred_call_is_answered_when_it_ends);
	tcase_add_test(
	    tc, a_batch_is_answered_when_its_last_call_ends_and_in_its_order);
	tcase_add_test(
	    tc, calls_that_run_when_the_session_goes_are_cancelled_each_once);
	tcase_add_test(tc, a_cancel_hook_may_end_another_call_of_the_session);
	tcase_add_test(tc, a_session_that_is_forgotten_runs_no_hook);
	tcase_add_test(tc, a_method_is_found_in_any_table_and_has_a_signature);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
