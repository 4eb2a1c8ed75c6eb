/* SPDX-License-Identifier: ISC */
/* check_rpc_output.c - replies that wait, times that run out, and descriptors
 * of connections that have gone. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <json-c/json.h>

#include "rpc/status.h"
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

static bool has(const char *part)
{
	return strstr(loop.text, part) != NULL;
}

static size_t queued(void)
{
	struct rpc_server_status status;

	rpc_server_status(loop.server, &status);
	return status.queued;
}

/* --- one connection --- */

START_TEST(a_client_is_read_up_to_its_output_queue_and_no_further)
{
	struct rpc_limits limits = { .output_queue = 5000 };
	enum {
		N = 900
	};
	int fd;

	loop_start(&limits);
	fd = loop_connect();
	for (int i = 0; i < N; i++)
		loop_send(fd, LARGE("1000", "1"));
	loop_for(50);
	ck_assert_uint_lt(loop.n_large, N);
	ck_assert_uint_le(loop.most_queued, 5000);
	ck_assert_uint_gt(loop.most_queued, 5000 - 1100);
	ck_assert_uint_gt(queued(), 5000);
	loop_read(fd, N);
	ck_assert_uint_le(loop.most_queued, 5000);
	ck_assert_uint_eq(queued(), 0);
	close(fd);
}
END_TEST

/* --- all connections --- */

/* Ask for more than the socket holds, again and again, and read nothing. */
static int connect_deaf(void)
{
	int fd = loop_connect();

	for (int i = 0; i < 10; i++)
		loop_send(fd, LARGE("400000", "1"));
	loop_for(20);
	return fd;
}

START_TEST(clients_that_do_not_read_leave_room_for_one_that_does)
{
	enum {
		TOTAL = 4000000,
		SHARE = TOTAL / 2 / 10
	};
	struct rpc_limits limits = { .output_total = TOTAL, .connections = 10 };
	int deaf[8], fd;

	loop_start(&limits);
	for (int i = 0; i < 8; i++) {
		deaf[i] = connect_deaf();
		ck_assert_uint_le(queued(), TOTAL);
	}
	ck_assert_uint_gt(queued(), TOTAL / 4);
	fd = loop_connect();
	for (int i = 0; i < 20; i++) {
		loop_ask(fd, LARGE("190000", "5"));
		ck_assert(has("xxx\",\"id\":5"));
		ck_assert_uint_gt(loop.len, SHARE - 11000);
	}
	loop_ask(fd, LARGE("400000", "6"));
	ck_assert(has("\"rpc_output_total\"") && has("\"id\":6"));
	for (int i = 0; i < 8; i++)
		close(deaf[i]);
	loop_for(50);
	ck_assert_uint_eq(queued(), 0);
	loop_ask(fd, LARGE("400000", "7"));
	ck_assert(has("xxx\",\"id\":7"));
	close(fd);
}
END_TEST

/* The socket takes some 200 of them, the queues of both a hundred. */
START_TEST(who_was_not_read_for_want_of_room_gets_all_his_replies)
{
	struct rpc_limits limits = { .output_total = 100000,
		.connections = 10 };
	enum {
		N = 900
	};
	int fd[2];

	loop_start(&limits);
	for (int i = 0; i < 2; i++) {
		fd[i] = loop_connect();
		for (int k = 0; k < N; k++)
			loop_send(fd[i], LARGE("1000", "1"));
		loop_for(50);
		ck_assert_uint_le(queued(), 100000);
	}
	ck_assert_uint_lt(loop.n_large, 2 * N);
	ck_assert_uint_gt(queued(), 40000);
	for (int i = 0; i < 2; i++) {
		loop_read(fd[i], N);
		ck_assert(!has("error"));
		close(fd[i]);
	}
	ck_assert_uint_eq(loop.n_large, 2 * N);
	ck_assert_uint_eq(queued(), 0);
}
END_TEST

/* --- how long --- */

/* Milliseconds until the server closes it. */
static uint64_t closed_after(int fd)
{
	uint64_t begin = loop_now_ms();

	loop_read_all(fd);
	return loop_now_ms() - begin;
}

START_TEST(an_idle_client_is_closed_after_its_time_and_not_before)
{
	struct rpc_limits limits = { .idle_ms = 1500 };
	uint64_t end;
	int fd;

	loop_start(&limits);
	fd = loop_connect();
	end = loop_now_ms() + 700;
	while (loop_now_ms() < end) {
		loop_ask(fd, CALL("echo", "1"));
		loop_for(30);
	}
	/* The clock that is used has steps of up to 10 ms. */
	ck_assert_uint_ge(closed_after(fd), 1500 - 30 - 20);
	ck_assert(has("\"rpc_idle_ms\""));
	close(fd);
}
END_TEST

START_TEST(a_request_has_its_time_to_be_completed_and_no_more)
{
	struct rpc_limits limits = { .partial_ms = 2000, .idle_ms = 60000 };
	int fd;

	loop_start(&limits);
	fd = loop_connect();
	loop_send(fd, "{\"jsonrpc\":\"2.0\",");
	loop_for(500);
	loop_ask(fd, "\"method\":\"echo\",\"id\":1}");
	ck_assert(has("\"result\":null"));
	loop_send(fd, "{\"jsonrpc\":\"2.0\",");
	ck_assert_uint_ge(closed_after(fd), 2000 - 20);
	ck_assert(has("\"rpc_partial_ms\""));
	close(fd);
}
END_TEST

/* --- who comes in --- */

START_TEST(a_stranger_takes_nobodys_place)
{
	struct rpc_limits limits = { .connections = 1 };
	int unused, fd;

	loop_start(&limits);
	unused = loop_connect();
	loop_for(20);
	loop.is_stranger = true;
	fd = loop_connect();
	loop_read_all(fd);
	ck_assert(has("-32001"));
	close(fd);
	loop_ask(unused, CALL("echo", "1"));
	ck_assert(has("\"result\":null"));
	close(unused);
}
END_TEST

/* --- descriptors --- */

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(*(int *)arg)++;
}

/* Both ends of a pair have something to read. */
static void watch_pair(int pair[2], struct event *ev[2], int *seen)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(write(pair[i], "x", 1), 1);
		ev[i] =
		    event_new(loop.base, pair[i], EV_READ, on_readable, seen);
		ck_assert_ptr_nonnull(ev[i]);
		ck_assert_int_eq(event_add(ev[i], NULL), 0);
	}
}

static bool all_seen(void *arg)
{
	return *(int *)arg == 4;
}

/*
 * A call that ends outside of its connection's turn has a callback come later.
 * The connection goes before that, and others get its descriptor.
 */
START_TEST(who_gets_the_descriptor_of_a_closed_connection_hears_of_its_own)
{
	size_t one = 1;
	struct event *ev[2][2];
	int pair[2][2], seen = 0, fd;

	loop_start(NULL);
	fd = loop_connect();
	loop_send(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"later\"}\n");
	loop_until(some_deferred, &one);
	rpc_reply(loop.deferred[0], NULL);
	rpc_server_free(&loop.server);
	watch_pair(pair[0], ev[0], &seen);
	watch_pair(pair[1], ev[1], &seen);
	loop_until(all_seen, &seen);
	for (int i = 0; i < 4; i++) {
		event_free(ev[i / 2][i % 2]);
		close(pair[i / 2][i % 2]);
	}
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_output");
	TCase *tc = tcase_create("output");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(
	    tc, a_client_is_read_up_to_its_output_queue_and_no_further);
	tcase_add_test(
	    tc, clients_that_do_not_read_leave_room_for_one_that_does);
	tcase_add_test(
	    tc, who_was_not_read_for_want_of_room_gets_all_his_replies);
	tcase_add_test(
	    tc, an_idle_client_is_closed_after_its_time_and_not_before);
	tcase_add_test(tc, a_request_has_its_time_to_be_completed_and_no_more);
	tcase_add_test(tc, a_stranger_takes_nobodys_place);
	tcase_add_test(tc,
	    who_gets_the_descriptor_of_a_closed_connection_hears_of_its_own);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
