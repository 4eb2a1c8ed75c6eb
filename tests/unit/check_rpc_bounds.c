/* SPDX-License-Identifier: ISC */
/* check_rpc_bounds.c - what fits a limit exactly is taken, one more is not. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/err.h"
#include "rpc_talk.h"
#include "tests/unit/unit.h"

#define TEXT_SIZE 8192
#define HEAD	  "{\"jsonrpc\":\"2.0\",\"method\":"
#define TAIL	  ",\"id\":1}"

/* --- requests that take n of something --- */

static struct {
	char text[TEXT_SIZE];
	size_t len;
} request;

static void put(const char *text, size_t times)
{
	size_t len = strlen(text);

	for (; times > 0; times--) {
		ck_assert_uint_lt(request.len + len, sizeof(request.text));
		memcpy(request.text + request.len, text, len + 1);
		request.len += len;
	}
}

/* n bytes, by a string of the right length. */
static void put_bytes(size_t n)
{
	put(HEAD "\"echo\",\"params\":[\"", 1);
	put("x", n - request.len - strlen("\"]" TAIL));
	put("\"]" TAIL, 1);
	ck_assert_uint_eq(request.len, n);
}

/* n levels: the request and its params are two of them. */
static void put_levels(size_t n)
{
	put(HEAD "\"echo\",\"params\":[", 1);
	put("[", n - 2);
	put("]", n - 2);
	put("]" TAIL, 1);
}

/* n values: six of them are not in the array. */
static void put_values(size_t n)
{
	put(HEAD "\"echo\",\"params\":[[1", 1);
	put(",1", n - 7);
	put("]]" TAIL, 1);
}

static void put_batch(size_t n)
{
	put("[", 1);
	put(HEAD "\"get_data\"" TAIL ",", n - 1);
	put(HEAD "\"get_data\"" TAIL "]", 1);
}

/* A reply of n bytes, its newline included. */
static void put_reply(size_t n)
{
	static const char around[] =
	    "{\"jsonrpc\":\"2.0\",\"result\":\"\",\"id\":1}\n";
	char text[128];

	snprintf(text, sizeof(text), HEAD "\"large\",\"params\":[%zu]" TAIL,
	    n - strlen(around));
	put(text, 1);
}

#define AT 20 /* requests, levels, values; bytes: 50 times as many */

static const struct {
	const char *limit;
	size_t at;
	void (*put)(size_t n);
	struct rpc_limits limits;
} rows[] = {
	{ "rpc_request_size", 50 * AT, put_bytes, { .request_size = 50 * AT } },
	{ "rpc_reply_size", 50 * AT, put_reply, { .reply_size = 50 * AT } },
	{ "rpc_depth", AT, put_levels, { .depth = AT } },
	{ "rpc_values", AT, put_values, { .values = AT } },
	{ "rpc_batch", AT, put_batch, { .batch = AT } },
};
#define N_ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

static void ask(int row, size_t n)
{
	request.len = 0;
	rows[row].put(n);
	put("\n", 1);
	talk_next(request.text);
}

START_TEST(what_is_below_a_limit_or_at_it_is_taken_and_above_it_named)
{
	session_free(&talk.session);
	limits_fill(&talk.limits, &rows[_i].limits);
	talk_open(RPC_ROLE_ADMIN);
	for (size_t n = rows[_i].at - 1; n <= rows[_i].at; n++) {
		ask(_i, n);
		ck_assert_ptr_null(strstr(talk.output, "\"error\""));
		ck_assert_ptr_nonnull(strstr(talk.output, "\"result\""));
	}
	ask(_i, rows[_i].at + 1);
	talk_expect_error(RPC_LIMIT, rows[_i].limit);
	ask(_i, rows[_i].at);
	ck_assert_ptr_null(strstr(talk.output, "\"error\""));
	talk_done();
}
END_TEST

/* --- replies that wait in all connections --- */

START_TEST(a_connection_has_room_in_the_common_half_or_in_its_share)
{
	static const struct {
		size_t total, own, room;
	} cases[] = {
		{ 0, 0, 500 },	   /* nobody else: the whole half */
		{ 499, 0, 100 },   /* a little of it: the share is more */
		{ 399, 399, 101 }, /* a little more than the share */
		{ 499, 99, 1 },	   /* both have one */
		{ 500, 99, 1 },	   /* only the share */
		{ 500, 100, 0 },   /* nothing is left of either */
		{ 999, 0, 100 },   /* whatever the others do */
		{ 5000, 0, 100 },  /* errors come on top */
		{ 500, 500, 0 },   /* the common half is mine */
	};
	const struct rpc_limits limits = { .output_total = 1000,
		.connections = 5 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(limits_room(&limits, cases[i].total,
				  cases[i].own) == cases[i].room,
		    "case %zu: %zu", i,
		    limits_room(&limits, cases[i].total, cases[i].own));
}
END_TEST

START_TEST(whoever_fills_his_room_all_together_stay_within_the_limit)
{
	struct rpc_limits limits = { .output_total = 1000 };

	for (limits.connections = 1; limits.connections < 20;
	     limits.connections++) {
		size_t own[20] = { 0 }, total = 0;

		for (unsigned i = 0; i < 3 * limits.connections; i++) {
			unsigned c = i % limits.connections;
			size_t room = limits_room(&limits, total, own[c]);

			own[c] += room;
			total += room;
		}
		ck_assert_uint_le(total, limits.output_total);
		for (unsigned c = 0; c < limits.connections; c++)
			ck_assert_uint_ge(own[c], 500 / limits.connections);
	}
}
END_TEST

/* A call that waits holds back the replies of its batch. */
START_TEST(what_a_batch_holds_is_counted_until_it_goes_out)
{
	size_t total = 0, held;

	session_free(&talk.session);
	talk.total = &total;
	talk_open(RPC_ROLE_ADMIN);
	talk_ask("[" HEAD "\"large\",\"params\":[1000]" TAIL "," HEAD
		 "\"later\"" TAIL "]\n");
	held = session_held(talk.session);
	ck_assert_uint_gt(held, 1000);
	ck_assert_uint_eq(total, held);
	talk_ask("[" HEAD "\"large\",\"params\":[1000]" TAIL "," HEAD
		 "\"later\"" TAIL "]\n");
	ck_assert_uint_eq(total, 2 * held);
	rpc_reply(talk.deferred[0], NULL);
	ck_assert_uint_eq(session_held(talk.session), held);
	session_cancel(talk.session);
	ck_assert_uint_eq(session_held(talk.session), 0);
	ck_assert_uint_eq(total, 0);
}
END_TEST

START_TEST(a_reply_without_room_among_all_is_an_error_that_names_the_limit)
{
	size_t total = 0;

	session_free(&talk.session);
	talk.limits.output_total = 4000;
	talk.limits.connections = 4;
	talk.total = &total;
	talk_open(RPC_ROLE_ADMIN);
	ask(1, 2000);
	ck_assert_ptr_nonnull(talk_member("result"));
	ask(1, 2001);
	talk_expect_error(RPC_LIMIT, "rpc_output_total");
	total = 2000; /* others leave that unread */
	ask(1, 500);
	ck_assert_ptr_nonnull(talk_member("result"));
	ask(1, 501);
	talk_expect_error(RPC_LIMIT, "rpc_output_total");
	total = 0;
	talk_done();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_bounds");
	TCase *tc = tcase_create("bounds");

	tcase_add_checked_fixture(tc, talk_setup, talk_teardown);
	tcase_add_loop_test(tc,
	    what_is_below_a_limit_or_at_it_is_taken_and_above_it_named, 0,
	    N_ROWS);
	tcase_add_test(
	    tc, a_connection_has_room_in_the_common_half_or_in_its_share);
	tcase_add_test(
	    tc, whoever_fills_his_room_all_together_stay_within_the_limit);
	tcase_add_test(tc, what_a_batch_holds_is_counted_until_it_goes_out);
	tcase_add_test(tc,
	    a_reply_without_room_among_all_is_an_error_that_names_the_limit);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
