/* SPDX-License-Identifier: ISC */
/* check_rpc_spec.c - every example of the JSON-RPC 2.0 specification. */
#include "config.h"

#include <check.h>
#include <string.h>

#include <json-c/json.h>

#include "rpc_talk.h"
#include "tests/unit/unit.h"

#define TEXT_SIZE 1024
#define ERROR(code, message)                                                   \
	"{'jsonrpc': '2.0', 'error': {'code': " code ", "                      \
	"'message': '" message "'}, 'id': null}"
#define INVALID	    ERROR("-32600", "Invalid Request")
#define PARSE_ERROR ERROR("-32700", "Parse error")

/* Section 7, in its order, with ' for ". No reply: nothing comes back. */
static const struct {
	const char *what, *request, *reply;
} examples[] = {
	{ "positional parameters",
	    "{'jsonrpc': '2.0', 'method': 'subtract', 'params': [42, "
	    "23], 'id': 1}",
	    "{'jsonrpc': '2.0', 'result': 19, 'id': 1}" },
	{ "positional parameters, the other way round",
	    "{'jsonrpc': '2.0', 'method': 'subtract', 'params': [23, "
	    "42], 'id': 2}",
	    "{'jsonrpc': '2.0', 'result': -19, 'id': 2}" },
	{ "named parameters",
	    "{'jsonrpc': '2.0', 'method': 'subtract', 'params': "
	    "{'subtrahend': 23, 'minuend': 42}, 'id': 3}",
	    "{'jsonrpc': '2.0', 'result': 19, 'id': 3}" },
	{ "named parameters, the other way round",
	    "{'jsonrpc': '2.0', 'method': 'subtract', 'params': "
	    "{'minuend': 42, 'subtrahend': 23}, 'id': 4}",
	    "{'jsonrpc': '2.0', 'result': 19, 'id': 4}" },
	{ "a notification",
	    "{'jsonrpc': '2.0', 'method': 'update', 'params': "
	    "[1,2,3,4,5]}",
	    "" },
	{ "a notification of no method",
	    "{'jsonrpc': '2.0', 'method': 'foobar'}", "" },
	{ "a method that does not exist",
	    "{'jsonrpc': '2.0', 'method': 'foobar', 'id': '1'}",
	    "{'jsonrpc': '2.0', 'error': {'code': -32601, 'message': "
	    "'Method not found'}, 'id': '1'}" },
	{ "invalid JSON",
	    "{'jsonrpc': '2.0', 'method': 'foobar, 'params': 'bar', "
	    "'baz]",
	    PARSE_ERROR },
	{ "an invalid request object",
	    "{'jsonrpc': '2.0', 'method': 1, 'params': 'bar'}", INVALID },
	{ "a batch of invalid JSON",
	    "[\n  {'jsonrpc': '2.0', 'method': 'sum', 'params': "
	    "[1,2,4], 'id': '1'},\n  {'jsonrpc': '2.0', 'method'\n]",
	    PARSE_ERROR },
	{ "an empty array", "[]", INVALID },
	{ "an invalid batch, but not empty", "[1]", "[" INVALID "]" },
	{ "an invalid batch of three", "[1,2,3]",
	    "[" INVALID "," INVALID "," INVALID "]" },
	{ "a batch of all kinds",
	    "[{'jsonrpc': '2.0', 'method': 'sum', 'params': [1,2,4], "
	    "'id': '1'},"
	    "{'jsonrpc': '2.0', 'method': 'notify_hello', 'params': "
	    "[7]},"
	    "{'jsonrpc': '2.0', 'method': 'subtract', 'params': "
	    "[42,23], 'id': '2'},"
	    "{'foo': 'boo'},"
	    "{'jsonrpc': '2.0', 'method': 'foo.get', 'params': "
	    "{'name': 'myself'}, 'id': '5'},"
	    "{'jsonrpc': '2.0', 'method': 'get_data', 'id': '9'}]",
	    "[{'jsonrpc': '2.0', 'result': 7, 'id': '1'},"
	    "{'jsonrpc': '2.0', 'result': 19, 'id': '2'}," INVALID ","
	    "{'jsonrpc': '2.0', 'error': {'code': -32601, 'message': "
	    "'Method not found'}, 'id': '5'},"
	    "{'jsonrpc': '2.0', 'result': ['hello', 5], 'id': '9'}]" },
	{ "a batch of notifications alone",
	    "[{'jsonrpc': '2.0', 'method': 'notify_sum', 'params': "
	    "[1,2,4]},"
	    "{'jsonrpc': '2.0', 'method': 'notify_hello', 'params': "
	    "[7]}]",
	    "" },
};
#define N_EXAMPLES ((int)(sizeof(examples) / sizeof(examples[0])))

/* Into buf; buf. */
static const char *with_quotes(const char *text, char buf[TEXT_SIZE])
{
	size_t len = strlen(text);

	ck_assert_uint_lt(len, TEXT_SIZE);
	for (size_t i = 0; i <= len; i++)
		buf[i] = text[i] == '\'' ? '"' : text[i];
	return buf;
}

/*
 * A reply may say more than the specification: data in an error, and what
 * follows the text of its message. All else is as there.
 */
static void expect_reply(struct json_object *got, struct json_object *want)
{
	struct json_object *message, *error;

	ck_assert(json_object_is_type(got, json_type_object));
	if (json_object_object_get_ex(want, "error", &error)) {
		const char *text;

		json_object_object_get_ex(error, "message", &message);
		text = json_object_get_string(message);
		ck_assert(json_object_object_get_ex(got, "error", &error));
		json_object_object_del(error, "data");
		ck_assert(
		    json_object_object_get_ex(error, "message", &message));
		ck_assert_int_eq(strncmp(json_object_get_string(message), text,
				     strlen(text)),
		    0);
		json_object_set_string(message, text);
	}
	ck_assert_msg(json_object_equal(got, want), "got %s, want %s",
	    json_object_to_json_string(got), json_object_to_json_string(want));
}

static void expect_batch(struct json_object *got, struct json_object *want)
{
	size_t n = json_object_array_length(want);

	ck_assert(json_object_is_type(got, json_type_array));
	ck_assert_uint_eq(json_object_array_length(got), n);
	for (size_t i = 0; i < n; i++)
		expect_reply(json_object_array_get_idx(got, i),
		    json_object_array_get_idx(want, i));
}

static void expect(int i)
{
	char buf[TEXT_SIZE];
	struct json_object *want, *got;

	session_end(talk.session);
	if (examples[i].reply[0] == '\0') {
		ck_assert_str_eq(talk.output, "");
		return;
	}
	want = json_tokener_parse(with_quotes(examples[i].reply, buf));
	got = json_tokener_parse(talk.output);
	ck_assert_ptr_nonnull(want);
	ck_assert_msg(got != NULL, "%s: %s", examples[i].what, talk.output);
	if (json_object_is_type(want, json_type_array))
		expect_batch(got, want);
	else
		expect_reply(got, want);
	json_object_put(got);
	json_object_put(want);
}

START_TEST(every_example_of_the_specification_is_answered_as_it_says)
{
	char buf[TEXT_SIZE];

	talk_ask(with_quotes(examples[_i].request, buf));
	expect(_i);
}
END_TEST

START_TEST(it_does_not_matter_how_the_bytes_are_cut)
{
	char buf[TEXT_SIZE];

	with_quotes(examples[_i].request, buf);
	for (const char *p = buf; *p != '\0'; p++)
		talk_feed(p, 1);
	expect(_i);
}
END_TEST

START_TEST(all_of_them_on_one_connection_and_notifications_are_carried_out)
{
	char buf[TEXT_SIZE];

	for (int i = 0; i < N_EXAMPLES; i++) {
		talk_ask(with_quotes(examples[i].request, buf));
		talk_feed("\n", 1);
	}
	/* update, and notify_hello in two batches */
	ck_assert_uint_eq(talk.notified, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_spec");
	TCase *tc = tcase_create("spec");

	tcase_add_checked_fixture(tc, talk_setup, talk_teardown);
	tcase_add_loop_test(tc,
	    every_example_of_the_specification_is_answered_as_it_says, 0,
	    N_EXAMPLES);
	tcase_add_loop_test(
	    tc, it_does_not_matter_how_the_bytes_are_cut, 0, N_EXAMPLES);
	tcase_add_test(tc,
	    all_of_them_on_one_connection_and_notifications_are_carried_out);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
