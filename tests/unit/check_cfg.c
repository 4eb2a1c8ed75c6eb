/* SPDX-License-Identifier: ISC */
/* check_cfg.c - cfg.* without a service: what values, names and pids may be. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "base/log.h"
#include "base/tune.h"
#include "daemon/group.h"
#include "daemon/methods/methods.h"
#include "daemon/param.h"
#include "daemon/proc.h"
#include "heard.h"
#include "rpc_talk.h"
#include "tests/unit/unit.h"

static const struct rpc_method *const tables[] = { cfg_methods, NULL };

/* A supervisor of pid 100, two workers 101 and 102 at work. */
static void setup(void)
{
	heard_start();
	ck_assert_int_eq(param_init(), 0);
	ck_assert_int_eq(proc_init(2), 0);
	for (unsigned i = 0; i < 3; i++) {
		proc_set_launched(proc_at(i), (pid_t)(100 + i), "test");
		group_start_process(i);
	}
	group_keep_all();
	talk_setup_for(tables);
}

static void teardown(void)
{
	talk_done();
	talk_teardown();
	proc_fini();
}

#define PARAMS(list) "\"params\":" list ","

/* Ask, and compare the result with a JSON text. */
static void expect(const char *request, const char *result)
{
	talk_next(request);
	ck_assert_msg(talk_member("error") == NULL, "%s", talk.output);
	ck_assert_str_eq(json_object_to_json_string_ext(
			     talk_member("result"), JSON_C_TO_STRING_PLAIN),
	    result);
}

static void refuse(const char *request, int code, const char *param)
{
	heard_start();
	talk_next(request);
	talk_expect_error(code, param);
	ck_assert_str_eq(heard.text, "");
}

static const char *const no_numbers[] = {
	"\"3\"",
	"\"\"",
	"3.5",
	"3e0",
	"true",
	"null",
	"[3]",
	"{\"a\":3}",
	"9223372036854775808",
	"-99999999999999999999",
	"10",
	"-6",
	"4294967297",
};

START_TEST(what_is_not_a_number_in_range_is_refused)
{
	char request[256];

	snprintf(request, sizeof(request),
	    CALL("cfg.set", PARAMS("[\"core\",\"memlog\",%s]")),
	    no_numbers[_i]);
	refuse(request, RPC_INVALID_PARAMS, "value");
	ck_assert_int_eq(param_int(P_MEMLOG), 4);
	ck_assert_int_eq(km_tune->memlog, 4);
}
END_TEST

static const char *const no_texts[] = {
	"3",
	"true",
	"null",
	"[\"mail\"]",
	"\"mail\\u0000\"",
	"\"mail \"",
	"\"Mail\"",
	"\"auth|mail\"",
	"\"\"",
};

START_TEST(what_is_not_one_of_the_texts_is_refused)
{
	char request[256];

	snprintf(request, sizeof(request),
	    CALL("cfg.set", PARAMS("[\"core\",\"log_facility\",%s]")),
	    no_texts[_i]);
	refuse(request, RPC_INVALID_PARAMS, "value");
	ck_assert_str_eq(param_string(P_LOG_FACILITY), "daemon");
}
END_TEST

START_TEST(living_processes_are_counted)
{
	expect(CALL("cfg.set", PARAMS("[\"core\",\"memlog\",1]")),
	    "{\"applied\":3,\"of\":3}");
	ck_assert_int_eq(km_tune->memlog, 1);
	proc_at(1)->state = PROC_DEAD;
	expect(CALL("cfg.set", PARAMS("[\"core\",\"memlog\",2]")),
	    "{\"applied\":2,\"of\":2}");
	refuse(CALL("cfg.set", PARAMS("[\"core\",\"memlog\",3,101]")),
	    RPC_FAILED, "pid");
	refuse(CALL("cfg.set", PARAMS("[\"core\",\"memlog\",3,103]")),
	    RPC_NOT_FOUND, "pid");
}
END_TEST

START_TEST(parameters_can_be_named)
{
	expect(CALL("cfg.set_now_int",
		   PARAMS("{\"pid\":102,\"value\":-5,\"name\":\"memdbg\","
			  "\"group\":\"core\"}")),
	    "{\"applied\":1,\"of\":1}");
	expect(CALL("cfg.get", PARAMS("{\"group\":\"core\",\"name\":\"memdbg\","
				      "\"pid\":102}")),
	    "-5");
	talk_next(CALL("cfg.get", PARAMS("{\"group\":\"core\",\"pid\":102}")));
	ck_assert_int_eq(json_object_get_int(talk_member("result.memdbg")), -5);
	talk_next(CALL("cfg.get", PARAMS("[\"core\"]")));
	ck_assert_int_eq(json_object_get_int(talk_member("result.memdbg")), 4);
}
END_TEST

START_TEST(a_change_is_told_with_who_did_it)
{
	expect(CALL("cfg.set", PARAMS("[\"core\",\"memlog\",1]")),
	    "{\"applied\":3,\"of\":3}");
	ck_assert_str_eq(
	    heard.text, "cfg: core.memlog: 4 -> 1 by pid 77, uid 1000\n");
	heard_start();
	expect(CALL("cfg.set", PARAMS("[\"core\",\"memlog\",2,102]")),
	    "{\"applied\":1,\"of\":1}");
	ck_assert_str_eq(heard.text,
	    "cfg: core.memlog of pid 102: 1 -> 2 by pid 77, uid 1000\n");
	heard_start();
	expect(CALL("cfg.reset", PARAMS("[\"core\"]")),
	    "{\"applied\":3,\"of\":3,\"variables\":1}");
	ck_assert_str_eq(
	    heard.text, "cfg: core.memlog: 1 -> 4 by pid 77, uid 1000\n");
}
END_TEST

START_TEST(delayed_sets_are_those_of_the_session)
{
	expect(CALL("cfg.set_delayed_int", PARAMS("[\"core\",\"memlog\",1]")),
	    "{\"delayed\":1}");
	expect(CALL("cfg.set_delayed_string",
		   PARAMS("[\"core\",\"log_facility\",\"mail\"]")),
	    "{\"delayed\":2}");
	refuse(CALL("cfg.set_delayed_int", PARAMS("[\"core\",\"memlog\",10]")),
	    RPC_INVALID_PARAMS, "value");
	session_free(&talk.session);
	talk_open(RPC_ROLE_ADMIN);
	expect(CALL("cfg.diff", ""), "[]");
	refuse(CALL("cfg.commit", ""), RPC_FAILED, NULL);
	expect(CALL("cfg.rollback", ""), "{\"dropped\":0}");
	ck_assert_int_eq(param_int(P_MEMLOG), 4);
}
END_TEST

START_TEST(a_commit_sets_all_and_its_list_is_empty_then)
{
	talk_next(
	    CALL("cfg.set_delayed_int", PARAMS("[\"core\",\"memlog\",1]")));
	talk_next(CALL("cfg.set_delayed_string",
	    PARAMS("[\"core\",\"log_facility\",\"mail\"]")));
	talk_next(
	    CALL("cfg.set_delayed_int", PARAMS("[\"core\",\"memlog\",2]")));
	ck_assert_str_eq(heard.text, "");
	expect(CALL("cfg.diff", ""),
	    "[{\"group name\":\"core\",\"variable name\":\"memlog\","
	    "\"old value\":4,\"new value\":2},{\"group name\":\"core\","
	    "\"variable name\":\"log_facility\",\"old value\":\"daemon\","
	    "\"new value\":\"mail\"}]");
	expect(
	    CALL("cfg.commit", ""), "{\"applied\":3,\"of\":3,\"variables\":2}");
	ck_assert_str_eq(heard.text,
	    "cfg: core.memlog: 4 -> 2 by pid 77, uid 1000\n"
	    "cfg: core.log_facility: \"daemon\" -> \"mail\" by pid 77, uid "
	    "1000\n");
	expect(CALL("cfg.diff", ""), "[]");
	ck_assert_int_eq(param_int(P_MEMLOG), 2);
	ck_assert_str_eq(param_string(P_LOG_FACILITY), "mail");
}
END_TEST

/* It is written unless it is hidden both before and after. */
START_TEST(a_change_of_debug_is_told_in_both_directions)
{
	km_tune->debug = L_NOTICE;
	talk_next(CALL("cfg.set", PARAMS("[\"core\",\"debug\",-1]")));
	ck_assert_ptr_nonnull(strstr(heard.text, " -> -1 by"));
	talk_next(CALL("cfg.set", PARAMS("[\"core\",\"debug\",-2]")));
	ck_assert_ptr_null(strstr(heard.text, " -> -2 by"));
	talk_next(CALL("cfg.set", PARAMS("[\"core\",\"debug\",2]")));
	ck_assert_ptr_nonnull(strstr(heard.text, "-2 -> 2 by"));
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array[0])))

int main(void)
{
	Suite *suite = suite_create("cfg");
	TCase *tc = tcase_create("cfg");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, what_is_not_a_number_in_range_is_refused, 0, COUNT(no_numbers));
	tcase_add_loop_test(
	    tc, what_is_not_one_of_the_texts_is_refused, 0, COUNT(no_texts));
	tcase_add_test(tc, living_processes_are_counted);
	tcase_add_test(tc, parameters_can_be_named);
	tcase_add_test(tc, a_change_is_told_with_who_did_it);
	tcase_add_test(tc, delayed_sets_are_those_of_the_session);
	tcase_add_test(tc, a_commit_sets_all_and_its_list_is_empty_then);
	tcase_add_test(tc, a_change_of_debug_is_told_in_both_directions);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
