/* SPDX-License-Identifier: ISC */
/* check_rpc_dispatch.c - errors, and ids. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "rpc_talk.h"
#include "tests/unit/unit.h"

/* --- what errors say --- */

static const struct {
	const char *request, *reply;
} errors[] = {
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"foobar\",\"id\":\"1\"}",
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,\"message\":"
	    "\"Method not found: foobar\",\"data\":{\"param\":\"method\"}},"
	    "\"id\":\"1\"}\n" },
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"ehco\",\"id\":1}",
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,\"message\":"
	    "\"Method not found: ehco\",\"data\":{\"param\":\"method\","
	    "\"hint\":\"did you mean echo?\"}},\"id\":1}\n" },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", "
	  "\"baz]\n",
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":"
	    "\"Parse error: at byte 40 of the request, expected ',' or the "
	    "closing bracket\",\"data\":{\"hint\":\"input up to the next "
	    "newline is ignored\"}},\"id\":null}\n" },
	{ "{\"jsonrpc\":\"2.0\",\"method\":1}",
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":"
	    "\"Invalid Request: no method's name\",\"data\":{\"param\":"
	    "\"method\",\"hint\":\"\\\"method\\\":\\\"NAME\\\", a string\"}},"
	    "\"id\":null}\n" },
	{ "{\"foo\":\"boo\"}",
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":"
	    "\"Invalid Request: wrong version\",\"data\":{\"param\":"
	    "\"jsonrpc\",\"hint\":\"\\\"jsonrpc\\\":\\\"2.0\\\"\"}},"
	    "\"id\":null}\n" },
	{ "[]",
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":"
	    "\"Invalid Request: an empty batch\",\"data\":{\"hint\":\"1 to 100 "
	    "requests in a batch, not 0\"}},\"id\":null}\n" },
	{ "[1]", "[" NO_OBJECT "]\n" },
};

START_TEST(an_error_says_what_is_wrong_and_what_would_be_right)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		ck_assert_str_eq(talk_ask(errors[i].request), errors[i].reply);
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
	ck_assert_str_eq(talk_ask(request), expected);
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
		talk_next(request);
		talk_expect_error(RPC_INVALID_REQUEST, "id");
		ck_assert(json_object_object_get_ex(talk.reply, "id", NULL));
		ck_assert_ptr_null(talk_member("id"));
	}
	talk_done();
}
END_TEST

START_TEST(the_last_of_two_ids_counts_and_escaped_names_are_understood)
{
	ck_assert_str_eq(
	    talk_ask("{\"id\":1,\"\\u006asonrpc\":\"2\\u002e0\",\"i\\u0064\":2,"
		     "\"method\":\"get_d\\u0061ta\",\"else\":{\"id\":7}}"),
	    "{\"jsonrpc\":\"2.0\",\"result\":[\"hello\",5],\"id\":2}\n");
}
END_TEST

START_TEST(an_invalid_request_with_an_id_is_answered_with_it)
{
	talk_next("{\"method\":\"echo\",\"id\":\"x\"}");
	talk_expect_error(RPC_INVALID_REQUEST, "jsonrpc");
	ck_assert_str_eq(json_object_get_string(talk_member("id")), "x");
	talk_next(
	    "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":3,\"id\":4}");
	talk_expect_error(RPC_INVALID_REQUEST, "params");
	ck_assert_int_eq(json_object_get_int(talk_member("id")), 4);
	talk_next(
	    "{\"jsonrpc\":\"2.0\",\"method\":\"get_data\\u0000\",\"id\":4}");
	talk_expect_error(RPC_INVALID_REQUEST, "method");
	talk_done();
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
		talk_next(request);
		talk_expect_error(RPC_METHOD_NOT_FOUND, "method");
		talk_feed(talk.output, talk.len); /* no parse error */
		ck_assert_ptr_null(strstr(talk.output, "-32700"));
	}
	talk_done();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_dispatch");
	TCase *tc = tcase_create("dispatch");

	tcase_add_checked_fixture(tc, talk_setup, talk_teardown);
	tcase_add_test(tc, an_error_says_what_is_wrong_and_what_would_be_right);
	tcase_add_loop_test(tc, an_id_comes_back_byte_for_byte, 0,
	    (int)(sizeof(ids) / sizeof(ids[0])));
	tcase_add_test(tc, an_id_of_another_type_is_refused_with_id_null);
	tcase_add_test(
	    tc, the_last_of_two_ids_counts_and_escaped_names_are_understood);
	tcase_add_test(tc, an_invalid_request_with_an_id_is_answered_with_it);
	tcase_add_test(
	    tc, a_very_long_method_name_is_named_in_part_and_stays_utf8);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
