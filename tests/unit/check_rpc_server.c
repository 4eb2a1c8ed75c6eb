/* SPDX-License-Identifier: ISC */
/* check_rpc_server.c - what a client sees of the server. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>
#include <json-c/json.h>

#include "rpc_loop.h"
#include "tests/unit/unit.h"

#define CALL(method, id)                                                       \
	"{\"jsonrpc\":\"2.0\",\"method\":\"" method "\",\"id\":" id "}\n"
#define RESULT(result, id)                                                     \
	"{\"jsonrpc\":\"2.0\",\"result\":" result ",\"id\":" id "}\n"
#define ECHO(value, id)                                                        \
	"{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":[" value "],"     \
	"\"id\":" id "}\n"

static void setup(void)
{
	loop_start(NULL);
}

static void teardown(void)
{
	loop_stop();
}

static bool some_deferred(void *arg)
{
	return loop.n_deferred >= *(size_t *)arg;
}

static bool some_cancelled(void *arg)
{
	return loop.cancelled >= *(size_t *)arg;
}

static bool hung_up(void *arg)
{
	return loop_is_closed(*(int *)arg);
}

START_TEST(calls_and_batches_are_answered_on_one_connection)
{
	int fd = loop_connect();

	ck_assert_str_eq(
	    loop_ask(fd, ECHO("{\"a\":[1]}", "7")), RESULT("{\"a\":[1]}", "7"));
	ck_assert_str_eq(
	    loop_ask(fd, "[" ECHO("1", "1") "," ECHO("2", "2") "]"),
	    "[{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":1},"
	    "{\"jsonrpc\":\"2.0\",\"result\":2,\"id\":2}]\n");
	ck_assert_ptr_nonnull(strstr(loop_ask(fd, "oops\n"), "-32700"));
	ck_assert_str_eq(loop_ask(fd, CALL("echo", "8")), RESULT("null", "8"));
	close(fd);
}
END_TEST

START_TEST(the_peer_is_known_and_its_role_is_kept_to)
{
	int fd = loop_connect();
	char expected[128];

	snprintf(expected, sizeof(expected), RESULT("\"%d %u %u\"", "1"),
	    (int)getpid(), (unsigned)getuid(), (unsigned)getgid());
	ck_assert_str_eq(loop_ask(fd, CALL("who", "1")), expected);
	ck_assert_ptr_nonnull(
	    strstr(loop_ask(fd, CALL("admin_only", "2")), "-32001"));
	ck_assert_ptr_nonnull(strstr(loop.text, "has role dump"));
	close(fd);
}
END_TEST

START_TEST(a_peer_without_a_role_is_told_so_and_sent_away)
{
	char expected[256];
	int fd;

	loop.is_stranger = true;
	fd = loop_connect();
	snprintf(expected, sizeof(expected),
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32001,\"message\":"
	    "\"Denied: uid %u (pid %d) has no role\",\"data\":{\"param\":"
	    "\"rpc_read_users\",",
	    (unsigned)getuid(), (int)getpid());
	loop_read_all(fd);
	ck_assert_int_eq(strncmp(loop.text, expected, strlen(expected)), 0);
	ck_assert_uint_eq(loop.logged, 1);
	close(fd);
}
END_TEST

/* More than the server has room for without asking for more. */
START_TEST(a_peer_with_a_hundred_groups_is_known_as_well)
{
	gid_t groups[100];
	int fd;

	for (gid_t i = 0; i < 100; i++)
		groups[i] = 70000 + i;
	if (getuid() != 0 || setgroups(100, groups) < 0)
		return;
	fd = loop_connect();
	loop_ask(fd, CALL("echo", "1")); /* role_of() compares them */
	close(fd);
}
END_TEST

START_TEST(a_client_that_has_shut_down_its_side_still_gets_its_answers)
{
	int fd = loop_connect();

	loop_send(fd, CALL("echo", "1") CALL("echo", "2"));
	shutdown(fd, SHUT_WR);
	ck_assert_str_eq(
	    loop_read_all(fd), RESULT("null", "1") RESULT("null", "2"));
	close(fd);
	fd = loop_connect();
	loop_send(fd, "[1");
	shutdown(fd, SHUT_WR);
	ck_assert_ptr_nonnull(strstr(loop_read_all(fd), "-32700"));
	close(fd);
	fd = loop_connect();
	shutdown(fd, SHUT_WR);
	ck_assert_str_eq(loop_read_all(fd), "");
	close(fd);
}
END_TEST

START_TEST(a_deferred_call_outlives_the_end_of_input)
{
	size_t one = 1;
	int fd = loop_connect();

	loop_send(fd, CALL("later", "1"));
	shutdown(fd, SHUT_WR);
	loop_until(some_deferred, &one);
	loop_for(30);
	ck_assert(!loop_is_closed(fd));
	ck_assert(!rpc_server_is_idle(loop.server));
	rpc_reply(loop.deferred[0], json_object_new_int(5));
	ck_assert_str_eq(loop_read_all(fd), RESULT("5", "1"));
	ck_assert(rpc_server_is_idle(loop.server));
	ck_assert_uint_eq(loop.cancelled, 0);
	close(fd);
}
END_TEST

START_TEST(others_are_answered_while_a_call_is_deferred)
{
	size_t one = 1;
	int a = loop_connect(), b = loop_connect();

	loop_send(a, CALL("later", "\"a\""));
	loop_until(some_deferred, &one);
	loop_ask(b, CALL("echo", "1"));
	ck_assert_str_eq(loop_ask(a, CALL("echo", "2")), RESULT("null", "2"));
	rpc_fail(loop.deferred[0], RPC_BUSY, "later still");
	ck_assert_str_eq(loop_read(a, 1),
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32004,\"message\":"
	    "\"later still\"},\"id\":\"a\"}\n");
	close(a);
	close(b);
}
END_TEST

START_TEST(a_client_that_goes_cancels_its_calls)
{
	size_t three = 3;
	int fd = loop_connect();

	loop_send(fd, "[" CALL("later", "1") "," CALL("later", "2") "]");
	loop_send(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"later\"}");
	loop_until(some_deferred, &three);
	close(fd);
	loop_until(some_cancelled, &three);
	ck_assert_uint_eq(loop.cancelled, 3);
	ck_assert(rpc_server_is_idle(loop.server));
}
END_TEST

START_TEST(requests_sent_before_closing_are_carried_out)
{
	size_t one = 1;
	int fd = loop_connect();

	for (int i = 0; i < 500; i++)
		loop_send(fd, CALL("echo", "1"));
	loop_send(fd, CALL("later", "1"));
	close(fd);
	loop_until(some_deferred, &one);
	loop_until(some_cancelled, &one);
}
END_TEST

START_TEST(calls_that_run_are_cancelled_when_the_server_is_freed)
{
	size_t one = 1;
	int fd = loop_connect();

	loop_send(fd, CALL("later", "1"));
	loop_until(some_deferred, &one);
	rpc_server_free(&loop.server);
	ck_assert_uint_eq(loop.cancelled, 1);
	ck_assert(loop_is_closed(fd));
	close(fd);
}
END_TEST

START_TEST(ten_thousand_requests_at_once_are_answered_in_order)
{
	enum {
		N = 10000,
		AT_ONCE = 100
	};
	int fd = loop_connect();
	char text[64];

	for (int i = 0; i < N; i += AT_ONCE) {
		const char *p;

		for (int k = i; k < i + AT_ONCE; k++) {
			snprintf(text, sizeof(text), ECHO("%d", "1"), k);
			loop_send(fd, text);
		}
		p = loop_read(fd, AT_ONCE);
		for (int k = i; k < i + AT_ONCE; k++) {
			snprintf(text, sizeof(text), RESULT("%d", "1"), k);
			ck_assert_int_eq(strncmp(p, text, strlen(text)), 0);
			p += strlen(text);
		}
	}
	close(fd);
}
END_TEST

/* Fewer where each takes long: under valgrind. */
START_TEST(twenty_thousand_calls_take_no_memory)
{
	int fd = loop_connect();
	uint64_t end = loop_now_ms() + 10000;
	size_t before = 0;

	for (int i = 0; i < 2000 || (i < 21000 && loop_now_ms() < end); i++) {
		loop_ask(fd, ECHO("[\"x\",{\"a\":null}]", "1"));
		if (i == 1000)
			before = mallinfo2().uordblks;
	}
	ck_assert_uint_le(mallinfo2().uordblks, before + 4096);
	close(fd);
}
END_TEST

START_TEST(ten_megabytes_of_brackets_are_one_error_and_stop_nobody)
{
	char *block = malloc(64 * 1024);
	int hostile = loop_connect(), other = loop_connect();
	uint64_t begin;

	memset(block, '[', 64 * 1024);
	for (int i = 0; i < 160; i++) {
		loop_send_bytes(hostile, block, 64 * 1024);
		begin = loop_now_ms();
		loop_ask(other, CALL("echo", "1"));
		ck_assert_uint_lt(loop_now_ms() - begin, 1000);
	}
	ck_assert_ptr_nonnull(
	    strstr(loop_ask(hostile, "\n" CALL("echo", "5")), "rpc_depth"));
	ck_assert_str_eq(loop_read(hostile, 1), RESULT("null", "5"));
	free(block);
	close(hostile);
	close(other);
}
END_TEST

/* --- the end of the service --- */

START_TEST(drain_finishes_what_runs_and_lets_nobody_in)
{
	size_t one = 1;
	int busy = loop_connect(), quiet = loop_connect();

	loop_ask(quiet, CALL("echo", "1"));
	loop_send(busy, CALL("later", "1"));
	loop_until(some_deferred, &one);
	rpc_server_drain(loop.server);
	ck_assert(!rpc_server_is_idle(loop.server));
	loop_until(hung_up, &quiet);
	loop_send(busy, CALL("later", "2"));
	loop_for(30);
	ck_assert_uint_eq(loop.n_deferred, 1);
	rpc_reply(loop.deferred[0], NULL);
	ck_assert_str_eq(loop_read_all(busy), RESULT("null", "1"));
	ck_assert(rpc_server_is_idle(loop.server));
	close(busy);
	close(quiet);
}
END_TEST

START_TEST(a_handler_may_drain_and_still_answer)
{
	int fd = loop_connect(), other = loop_connect();

	loop_ask(other, CALL("echo", "1"));
	loop_send(fd, CALL("drain", "1") CALL("echo", "2"));
	ck_assert_str_eq(loop_read_all(fd), RESULT("\"bye\"", "1"));
	loop_until(hung_up, &other);
	ck_assert(rpc_server_is_idle(loop.server));
	close(fd);
	close(other);
}
END_TEST

static bool is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

static int count_sockets(void)
{
	int n = 0;

	for (int fd = 3; fd < 256; fd++)
		n += is_socket(fd);
	return n;
}

START_TEST(a_child_forgets_the_server_and_the_parent_serves_on)
{
	size_t one = 1;
	int fd = loop_connect(), status, sockets;
	pid_t pid;

	loop_ask(fd, CALL("echo", "1"));
	loop_send(fd, CALL("later", "1"));
	loop_until(some_deferred, &one);
	sockets = count_sockets();
	pid = fork();
	if (pid == 0) {
		event_reinit(loop.base);
		rpc_server_forget(&loop.server);
		event_base_free(loop.base);
		/* Listener and connection are closed, no hook has run. */
		_exit(loop.server == NULL && loop.cancelled == 0 &&
			      count_sockets() <= sockets - 2
			  ? 0
			  : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(loop_ask(fd, CALL("echo", "2")), RESULT("null", "2"));
	close(loop_connect());
	rpc_reply(loop.deferred[0], NULL);
	ck_assert_str_eq(loop_read(fd, 1), RESULT("null", "1"));
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_server");
	TCase *tc = tcase_create("server");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, calls_and_batches_are_answered_on_one_connection);
	tcase_add_test(tc, the_peer_is_known_and_its_role_is_kept_to);
	tcase_add_test(tc, a_peer_without_a_role_is_told_so_and_sent_away);
	tcase_add_test(tc, a_peer_with_a_hundred_groups_is_known_as_well);
	tcase_add_test(
	    tc, a_client_that_has_shut_down_its_side_still_gets_its_answers);
	tcase_add_test(tc, a_deferred_call_outlives_the_end_of_input);
	tcase_add_test(tc, others_are_answered_while_a_call_is_deferred);
	tcase_add_test(tc, a_client_that_goes_cancels_its_calls);
	tcase_add_test(tc, requests_sent_before_closing_are_carried_out);
	tcase_add_test(
	    tc, calls_that_run_are_cancelled_when_the_server_is_freed);
	tcase_add_test(tc, ten_thousand_requests_at_once_are_answered_in_order);
	tcase_add_test(tc, twenty_thousand_calls_take_no_memory);
	tcase_add_test(
	    tc, ten_megabytes_of_brackets_are_one_error_and_stop_nobody);
	tcase_add_test(tc, drain_finishes_what_runs_and_lets_nobody_in);
	tcase_add_test(tc, a_handler_may_drain_and_still_answer);
	tcase_add_test(tc, a_child_forgets_the_server_and_the_parent_serves_on);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
