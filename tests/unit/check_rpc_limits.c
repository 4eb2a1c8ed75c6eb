/* SPDX-License-Identifier: ISC */
/* check_rpc_limits.c - what a slow, greedy or silent client gets. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>

#include "rpc_loop.h"
#include "tests/unit/unit.h"

#define CALL(method, id)                                                       \
	"{\"jsonrpc\":\"2.0\",\"method\":\"" method "\",\"id\":" id "}\n"
#define LARGE(bytes, id)                                                       \
	"{\"jsonrpc\":\"2.0\",\"method\":\"large\",\"params\":[" bytes "],"    \
	"\"id\":" id "}\n"

static void teardown(void)
{
	loop_stop();
}

static bool some_deferred(void *arg)
{
	return loop.n_deferred >= *(size_t *)arg;
}

static bool hung_up(void *arg)
{
	return loop_is_closed(*(int *)arg);
}

static bool has(const char *part)
{
	return strstr(loop.text, part) != NULL;
}

/* Connect and use the connection, so that it is not evicted. */
static int connect_used(void)
{
	int fd = loop_connect();

	loop_ask(fd, CALL("echo", "0"));
	return fd;
}

static void close_all(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

/* --- how many --- */

START_TEST(a_connection_over_the_limit_gets_one_line_and_is_closed)
{
	struct rpc_limits limits = { .connections = 3 };
	int fds[4];

	loop_start(&limits);
	for (int i = 0; i < 3; i++)
		fds[i] = connect_used();
	fds[3] = loop_connect();
	loop_read_all(fds[3]);
	ck_assert(has("-32002") && has("\"rpc_connections\""));
	ck_assert_ptr_eq(
	    strchr(loop.text, '\n'), loop.text + strlen(loop.text) - 1);
	close(fds[3]);
	close(fds[0]);
	fds[3] = -1;
	loop_for(20);
	fds[0] = connect_used();
	close_all(fds, 3);
}
END_TEST

START_TEST(a_user_over_his_limit_is_told_so)
{
	struct rpc_limits limits = { .connections_per_uid = 2 };
	int fds[3];

	loop_start(&limits);
	fds[0] = connect_used();
	fds[1] = connect_used();
	fds[2] = loop_connect();
	loop_read_all(fds[2]);
	ck_assert(has("-32002") && has("\"rpc_connections_per_uid\""));
	close_all(fds, 3);
}
END_TEST

START_TEST(refusals_are_logged_once_in_a_while)
{
	struct rpc_limits limits = { .connections = 1 };
	int fd, refused;

	loop_start(&limits);
	fd = connect_used();
	for (int i = 0; i < 50; i++) {
		refused = loop_connect();
		loop_read_all(refused);
		close(refused);
	}
	ck_assert_uint_eq(loop.logged, 1);
	close(fd);
}
END_TEST

START_TEST(the_oldest_unused_connection_makes_room_and_no_other)
{
	struct rpc_limits limits = { .connections = 4 };
	int used, partial, idle, younger, new;

	loop_start(&limits);
	used = connect_used();
	partial = loop_connect();
	loop_send(partial, "{\"jsonrpc\"");
	loop_for(20);
	idle = loop_connect();
	loop_for(20);
	younger = loop_connect();
	loop_for(20);
	new = connect_used();
	loop_read_all(idle);
	ck_assert(has("rpc_connections") && has("needed the room"));
	loop_send(partial, ":\"2.0\",\"method\":\"echo\",\"id\":1}");
	loop_read(partial, 1);
	loop_ask(used, CALL("echo", "1"));
	loop_ask(younger, CALL("echo", "1"));
	close_all((int[]){ used, partial, idle, younger, new }, 5);
}
END_TEST

START_TEST(ten_thousand_idle_connections_keep_nobody_out)
{
	enum {
		N = 10000,
		AT_ONCE = 100
	};
	struct rpc_limits limits = { .connections = 64 };
	int fds[AT_ONCE], fd;

	loop_start(&limits);
	for (int i = 0; i < N; i += AT_ONCE) {
		for (int k = 0; k < AT_ONCE; k++)
			fds[k] = loop_connect();
		loop_for(1);
		fd = loop_connect();
		loop_send(fd, CALL("echo", "1"));
		ck_assert_str_eq(loop_read(fd, 1),
		    "{\"jsonrpc\":\"2.0\",\"result\":null,\"id\":1}\n");
		close(fd);
		close_all(fds, AT_ONCE);
	}
}
END_TEST

/* Valgrind lets us go over the limit, and closes what accept() gives. */
static bool is_under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

/* No descriptor more from here on. */
static void use_up_descriptors(struct rlimit *old)
{
	struct rlimit low;
	int fd = dup(0);

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, old), 0);
	low = *old;
	low.rlim_cur = (rlim_t)fd;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
	ck_assert_int_lt(dup(0), 0);
}

START_TEST(without_descriptors_accepting_waits_and_does_not_spin)
{
	struct rlimit old;
	unsigned long turns;
	int fd;

	loop_start(NULL);
	if (is_under_valgrind())
		return;
	fd = loop_connect();
	use_up_descriptors(&old);
	loop_send(fd, CALL("echo", "1"));
	turns = loop.turns;
	loop_for(500);
	ck_assert_uint_eq(loop.logged, 1);
	ck_assert_uint_lt(loop.turns - turns, 300);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	loop_read(fd, 1);
	ck_assert(has("\"id\":1"));
	close(fd);
}
END_TEST

/* --- how large --- */

START_TEST(a_request_over_its_size_is_an_error_that_names_the_limit)
{
	struct rpc_limits limits = { .request_size = 4096 };
	char *text = malloc(100001);
	int fd;

	loop_start(&limits);
	fd = loop_connect();
	memset(text, 'x', 100000);
	text[0] = '"';
	text[100000] = '\0';
	loop_send(fd, text);
	loop_read(fd, 1);
	ck_assert(has("-32002") && has("\"rpc_request_size\""));
	ck_assert(has("4096 bytes"));
	loop_ask(fd, "\"\n" CALL("echo", "2"));
	ck_assert(has("\"result\":null,\"id\":2"));
	free(text);
	close(fd);
}
END_TEST

START_TEST(a_client_that_does_not_read_is_not_read_from)
{
	struct rpc_limits limits = { .output_queue = 2000 };
	enum {
		N = 900
	};
	int slow, other;

	loop_start(&limits);
	slow = loop_connect();
	other = connect_used();
	for (int i = 0; i < N; i++)
		loop_send(slow, LARGE("1000", "1"));
	loop_for(50);
	loop_ask(other, CALL("echo", "1"));
	ck_assert_uint_gt(loop.n_large, 10);
	ck_assert_uint_lt(loop.n_large, N);
	loop_read(slow, N);
	ck_assert_uint_eq(loop.n_large, N);
	loop_ask(slow, CALL("echo", "\"end\""));
	ck_assert(has("\"id\":\"end\""));
	close(slow);
	close(other);
}
END_TEST

START_TEST(a_client_that_never_reads_is_closed_after_a_time)
{
	struct rpc_limits limits = { .partial_ms = 100, .idle_ms = 60000 };
	int fd, other;

	loop_start(&limits);
	fd = loop_connect();
	other = connect_used();
	loop_send(fd, LARGE("2000000", "1"));
	loop_until(hung_up, &fd);
	loop_ask(other, CALL("echo", "1"));
	ck_assert_uint_eq(loop.logged, 1);
	close(fd);
	close(other);
}
END_TEST

START_TEST(more_calls_than_may_run_at_once_wait_their_turn)
{
	struct rpc_limits limits = { .batch = 3 };
	size_t n = 3;
	int fd;

	loop_start(&limits);
	fd = loop_connect();
	for (int i = 0; i < 5; i++)
		loop_send(fd, CALL("later", "1"));
	loop_until(some_deferred, &n);
	loop_for(30);
	ck_assert_uint_eq(loop.n_deferred, 3);
	rpc_reply(loop.deferred[1], NULL);
	n = 4;
	loop_until(some_deferred, &n);
	loop_for(30);
	ck_assert_uint_eq(loop.n_deferred, 4);
	rpc_reply(loop.deferred[0], NULL);
	n = 5;
	loop_until(some_deferred, &n);
	for (int i = 2; i < 5; i++)
		rpc_reply(loop.deferred[i], NULL);
	loop_read(fd, 5);
	close(fd);
}
END_TEST

/* One call runs, one waits, and behind it is more than is read ahead. */
static int connect_with_much_to_come(void)
{
	size_t n = 1;
	char spaces[1024];
	int fd = loop_connect();

	loop_send(fd, CALL("later", "1") CALL("later", "2"));
	loop_until(some_deferred, &n);
	memset(spaces, ' ', sizeof(spaces));
	for (int i = 0; i < 100; i++)
		loop_send_bytes(fd, spaces, sizeof(spaces));
	loop_for(30);
	return fd;
}

/* A bufferevent that is triggered at its watermark triggers itself again. */
START_TEST(the_loop_comes_to_rest_when_more_is_sent_than_is_read_ahead)
{
	struct rpc_limits limits = { .batch = 1 };
	unsigned long turns;
	size_t n = 2;
	int fd;

	loop_start(&limits);
	fd = connect_with_much_to_come();
	rpc_reply(loop.deferred[0], NULL);
	loop_until(some_deferred, &n);
	turns = loop.turns;
	loop_for(300);
	ck_assert_uint_lt(loop.turns - turns, 200);
	rpc_reply(loop.deferred[1], NULL);
	loop_read(fd, 2);
	close(fd);
}
END_TEST

static bool all_gone(void *arg)
{
	return loop.cancelled == 2 && rpc_server_is_idle(loop.server);
}

START_TEST(a_client_that_leaves_is_noticed_while_it_is_not_read)
{
	struct rpc_limits limits = { .batch = 1, .partial_ms = 400 };
	int fd;

	loop_start(&limits);
	fd = connect_with_much_to_come();
	close(fd);
	loop_until(all_gone, NULL);
}
END_TEST

START_TEST(deferred_replies_beyond_the_queue_become_errors_with_their_ids)
{
	struct rpc_limits limits = { .output_queue = 1000,
		.reply_size = 400000 };
	size_t n = 4;
	char *text = malloc(300001);
	int fd;

	loop_start(&limits);
	fd = loop_connect();
	for (int i = 0; i < 4; i++)
		loop_send(fd, CALL("later", "7"));
	loop_until(some_deferred, &n);
	memset(text, 'x', 300000);
	text[300000] = '\0';
	for (int i = 0; i < 4; i++)
		rpc_reply(loop.deferred[i], json_object_new_string(text));
	loop_read(fd, 4);
	ck_assert_uint_gt(loop.len, 600000);
	ck_assert_uint_lt(loop.len, 602000);
	ck_assert(has("xxx\",\"id\":7}") && has("\"rpc_output_queue\""));
	ck_assert_str_eq(loop.text + loop.len - 9, ",\"id\":7}\n");
	free(text);
	close(fd);
}
END_TEST

/* --- how long --- */

START_TEST(an_idle_client_is_told_and_closed)
{
	struct rpc_limits limits = { .idle_ms = 400 };
	int fd;

	loop_start(&limits);
	fd = connect_used();
	loop_read_all(fd);
	ck_assert(has("\"rpc_idle_ms\""));
	close(fd);
}
END_TEST

START_TEST(a_client_that_waits_for_its_answer_is_not_idle)
{
	struct rpc_limits limits = { .idle_ms = 80, .partial_ms = 80 };
	size_t one = 1;
	int fd;

	loop_start(&limits);
	fd = loop_connect();
	loop_send(fd, CALL("later", "1"));
	loop_until(some_deferred, &one);
	loop_for(300);
	ck_assert(!loop_is_closed(fd));
	rpc_reply(loop.deferred[0], NULL);
	loop_read(fd, 1);
	ck_assert(has("\"id\":1"));
	close(fd);
}
END_TEST

START_TEST(a_request_that_drips_in_has_one_time_limit_in_all)
{
	struct rpc_limits limits = { .partial_ms = 150, .idle_ms = 60000 };
	uint64_t begin;
	int fd;

	loop_start(&limits);
	fd = loop_connect();
	loop_send(fd, "[");
	begin = loop_now_ms();
	while (!loop_is_closed(fd) && loop_now_ms() < begin + 10000) {
		(void)send(fd, " ", 1, MSG_NOSIGNAL);
		loop_for(10);
	}
	loop_read_all(fd);
	ck_assert(has("\"rpc_partial_ms\""));
	ck_assert_uint_lt(loop_now_ms(), begin + 5000);
	close(fd);
}
END_TEST

START_TEST(many_requests_one_after_the_other_are_not_one_long_one)
{
	struct rpc_limits limits = { .partial_ms = 150 };
	uint64_t begin;
	int fd;

	loop_start(&limits);
	fd = loop_connect();
	begin = loop_now_ms();
	loop_send(fd, "{\"jsonrpc\":");
	while (loop_now_ms() < begin + 500)
		loop_ask(
		    fd, "\"2.0\",\"method\":\"echo\",\"id\":1}{\"jsonrpc\":");
	ck_assert(!loop_is_closed(fd));
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_limits");
	TCase *tc = tcase_create("limits");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(
	    tc, a_connection_over_the_limit_gets_one_line_and_is_closed);
	tcase_add_test(tc, a_user_over_his_limit_is_told_so);
	tcase_add_test(tc, refusals_are_logged_once_in_a_while);
	tcase_add_test(
	    tc, the_oldest_unused_connection_makes_room_and_no_other);
	tcase_add_test(tc, ten_thousand_idle_connections_keep_nobody_out);
	tcase_add_test(
	    tc, without_descriptors_accepting_waits_and_does_not_spin);
	tcase_add_test(
	    tc, a_request_over_its_size_is_an_error_that_names_the_limit);
	tcase_add_test(tc, a_client_that_does_not_read_is_not_read_from);
	tcase_add_test(tc, a_client_that_never_reads_is_closed_after_a_time);
	tcase_add_test(tc, more_calls_than_may_run_at_once_wait_their_turn);
	tcase_add_test(
	    tc, the_loop_comes_to_rest_when_more_is_sent_than_is_read_ahead);
	tcase_add_test(
	    tc, a_client_that_leaves_is_noticed_while_it_is_not_read);
	tcase_add_test(
	    tc, deferred_replies_beyond_the_queue_become_errors_with_their_ids);
	tcase_add_test(tc, an_idle_client_is_told_and_closed);
	tcase_add_test(tc, a_client_that_waits_for_its_answer_is_not_idle);
	tcase_add_test(tc, a_request_that_drips_in_has_one_time_limit_in_all);
	tcase_add_test(
	    tc, many_requests_one_after_the_other_are_not_one_long_one);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
