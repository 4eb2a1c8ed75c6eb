/* SPDX-License-Identifier: ISC */
/* check_rpc_call.c - parameters, limits, deferred calls, the table. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "rpc_talk.h"
#include "tests/unit/unit.h"

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
	{ CALL("get_data", "\"params\":[1],"), NULL,
	    "takes no parameter, not 1" },
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

	talk_next(misfits[_i].request);
	talk_expect_error(RPC_INVALID_PARAMS, misfits[_i].param);
	ck_assert_ptr_nonnull(
	    strstr(json_object_get_string(talk_member("error.message")),
		misfits[_i].words));
	hint = json_object_get_string(talk_member("error.data.hint"));
	ck_assert_ptr_nonnull(hint);
	if (strncmp(hint, "subtract", 8) == 0)
		ck_assert_ptr_nonnull(
		    strstr(hint, "subtract minuend:int subtrahend:int"));
	talk_done();
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
		ck_assert_str_eq(talk_ask(good[i].request), expected);
	}
}
END_TEST

START_TEST(an_error_of_the_handler_carries_its_param_and_hint)
{
	ck_assert_str_eq(talk_ask(CALL("fail", "\"params\":[42],")),
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32003,\"message\":\"no "
	    "process 42\",\"data\":{\"param\":\"pid\",\"hint\":\"5, 6 or 7\"}},"
	    "\"id\":1}\n");
}
END_TEST

START_TEST(a_method_above_the_peers_role_is_denied_and_says_both_roles)
{
	session_free(&talk.session);
	talk_open(RPC_ROLE_READ);
	talk_next(CALL("admin_only", ""));
	talk_expect_error(RPC_DENIED, "rpc_admin_users");
	ck_assert_str_eq(json_object_get_string(talk_member("error.message")),
	    "Denied: admin_only needs role admin, uid 1000 (pid 77) has role "
	    "read");
	ck_assert_str_eq(json_object_get_string(talk_member("error.data.hint")),
	    "name uid 1000 in rpc_admin_users, or a group of it in "
	    "rpc_admin_groups, and restart");
	ck_assert_uint_eq(talk.notified, 0);
	talk_done();
}
END_TEST

START_TEST(a_notification_runs_and_is_never_answered)
{
	ck_assert_str_eq(
	    talk_ask("{\"jsonrpc\":\"2.0\",\"method\":\"update\"}"), "");
	ck_assert_uint_eq(talk.notified, 1);
	ck_assert_str_eq(
	    talk_ask("{\"jsonrpc\":\"2.0\",\"method\":\"subtract\"}"
		     "{\"jsonrpc\":\"2.0\",\"method\":\"nothing\"}"),
	    "");
	ck_assert_uint_eq(session_running(talk.session), 0);
}
END_TEST

/* --- limits --- */

START_TEST(a_batch_over_its_limit_is_refused_as_a_whole)
{
	talk.limits.batch = 3;
	ck_assert_str_eq(talk_ask("[1,2,3]"),
	    "[" NO_OBJECT "," NO_OBJECT "," NO_OBJECT "]\n");
	talk_next("[1,2,3,4]");
	talk_expect_error(RPC_LIMIT, "rpc_batch");
	talk_done();
}
END_TEST

START_TEST(a_reply_at_the_limit_goes_out_and_one_byte_more_is_an_error)
{
	char request[128];
	size_t frame =
	    strlen("{\"jsonrpc\":\"2.0\",\"result\":\"\",\"id\":7}\n");

	talk.limits.reply_size = 1000;
	snprintf(request, sizeof(request),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"large\",\"params\":[%zu],"
	    "\"id\":7}",
	    1000 - frame);
	talk_ask(request);
	ck_assert_uint_eq(talk.len, 1000);
	snprintf(request, sizeof(request),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"large\",\"params\":[%zu],"
	    "\"id\":7}",
	    1000 - frame + 1);
	talk_next(request);
	talk_expect_error(RPC_LIMIT, "rpc_reply_size");
	ck_assert_int_eq(json_object_get_int(talk_member("id")), 7);
	talk_done();
}
END_TEST

START_TEST(replies_of_a_batch_share_the_limit)
{
	talk.limits.reply_size = 1000;
	talk_ask("[{\"jsonrpc\":\"2.0\",\"method\":\"large\",\"params\":[600],"
		 "\"id\":1},"
		 "{\"jsonrpc\":\"2.0\",\"method\":\"large\",\"params\":[600],"
		 "\"id\":2},"
		 "{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":3}]");
	ck_assert_ptr_nonnull(strstr(talk.output, "xxx\",\"id\":1}"));
	ck_assert_ptr_nonnull(strstr(talk.output, "\"rpc_reply_size\""));
	ck_assert_ptr_nonnull(strstr(talk.output, "},\"id\":2}"));
	ck_assert_ptr_nonnull(strstr(talk.output, "\"id\":3}"));
	ck_assert_uint_lt(talk.len, 1000 + 400);
}
END_TEST

/* --- calls that end later --- */

START_TEST(a_deferred_call_is_answered_when_it_ends)
{
	ck_assert_str_eq(talk_ask(CALL("later", "")), "");
	ck_assert_uint_eq(session_running(talk.session), 1);
	ck_assert_str_eq(talk_ask(CALL("sum", "")),
	    "{\"jsonrpc\":\"2.0\",\"result\":0,\"id\":1}\n");
	talk.len = 0;
	rpc_reply(talk.deferred[0], json_object_new_int(5));
	ck_assert_str_eq(
	    talk.output, "{\"jsonrpc\":\"2.0\",\"result\":5,\"id\":1}\n");
	ck_assert_uint_eq(talk.ended, 1);
	ck_assert_uint_eq(session_running(talk.session), 0);
	ck_assert_uint_eq(session_completed(talk.session), 2);
	ck_assert_uint_eq(talk.cancelled, 0);
}
END_TEST

#define LATER(id) "{\"jsonrpc\":\"2.0\",\"method\":\"later\",\"id\":" id "}"

START_TEST(a_batch_is_answered_when_its_last_call_ends_and_in_its_order)
{
	ck_assert_str_eq(
	    talk_ask("[" LATER("1") "," LATER("2") ",1," LATER(
		"3") ",{\"jsonrpc\":\"2.0\",\"method\":\"later\"}]"),
	    "");
	rpc_reply(talk.deferred[3], NULL);
	rpc_reply(talk.deferred[1], json_object_new_int(2));
	rpc_fail(talk.deferred[2], RPC_BUSY, "busy");
	ck_assert_str_eq(talk.output, "");
	rpc_reply(talk.deferred[0], json_object_new_int(1));
	ck_assert_str_eq(talk.output,
	    "[{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":1},"
	    "{\"jsonrpc\":\"2.0\",\"result\":2,\"id\":2}," NO_OBJECT
	    ",{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32004,\"message\":"
	    "\"busy\"},\"id\":3}]\n");
}
END_TEST

START_TEST(calls_that_run_when_the_session_goes_are_cancelled_each_once)
{
	talk_ask("[" LATER("1") "," LATER("2") "]" LATER("3"));
	rpc_reply(talk.deferred[1], NULL);
	session_free(&talk.session);
	ck_assert_uint_eq(talk.cancelled, 2);
	ck_assert_str_eq(talk.output, "");
}
END_TEST

static void end_the_first(void *arg)
{
	rpc_reply(talk.deferred[0], NULL);
}

START_TEST(a_cancel_hook_may_end_another_call_of_the_session)
{
	talk_ask(LATER("1") LATER("2"));
	rpc_call_on_cancel(talk.deferred[1], end_the_first, NULL);
	session_free(&talk.session);
	ck_assert_uint_eq(talk.cancelled, 0);
	ck_assert_str_eq(talk.output, "");
}
END_TEST

START_TEST(a_session_that_is_forgotten_runs_no_hook)
{
	talk_ask(LATER("1"));
	session_forget(&talk.session);
	ck_assert_uint_eq(talk.cancelled, 0);
}
END_TEST

static void count_to(int n)
{
	for (int i = 0; i < n; i++) {
		talk_next(CALL("count", ""));
		ck_assert_int_eq(json_object_get_int(talk_member("result")), i);
		talk_done();
	}
}

START_TEST(what_is_kept_for_a_connection_is_there_for_its_later_calls)
{
	count_to(3);
	ck_assert_uint_eq(talk.released, 0);
}
END_TEST

START_TEST(what_is_kept_goes_with_the_connection_also_when_it_is_forgotten)
{
	count_to(2);
	session_free(&talk.session);
	ck_assert_uint_eq(talk.released, 1);
	talk_open(RPC_ROLE_ADMIN);
	count_to(2);
	session_forget(&talk.session);
	ck_assert_uint_eq(talk.released, 2);
}
END_TEST

/* --- the table --- */

START_TEST(a_method_is_found_in_any_table_and_has_a_signature)
{
	const struct rpc_method *subtract = &talk_tables[0][0];
	const struct rpc_method *sum = &talk_tables[0][1];
	const struct rpc_method *get_data = &talk_tables[0][2];
	const struct rpc_method *typed = &talk_tables[1][2];
	char buf[128];

	ck_assert_ptr_eq(rpc_method_find(talk_tables, "typed"), typed);
	ck_assert_ptr_eq(rpc_method_find(talk_tables, "sum"), sum);
	ck_assert_ptr_null(rpc_method_find(talk_tables, "su"));
	ck_assert_ptr_null(rpc_method_find(talk_tables, ""));
	ck_assert_str_eq(rpc_method_signature(sum, buf, sizeof(buf)),
	    "sum [number:int ...]");
	ck_assert_str_eq(rpc_method_signature(typed, buf, sizeof(buf)),
	    "typed [i:int] [s:string] [b:bool]");
	ck_assert_str_eq(
	    rpc_method_signature(get_data, buf, sizeof(buf)), "get_data");
	ck_assert_str_eq(
	    rpc_method_signature(subtract, buf, 12), "subtract mi");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_call");
	TCase *tc = tcase_create("call");

	tcase_add_checked_fixture(tc, talk_setup, talk_teardown);
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
	tcase_add_test(
	    tc, what_is_kept_for_a_connection_is_there_for_its_later_calls);
	tcase_add_test(tc,
	    what_is_kept_goes_with_the_connection_also_when_it_is_forgotten);
	tcase_add_test(tc, a_method_is_found_in_any_table_and_has_a_signature);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
