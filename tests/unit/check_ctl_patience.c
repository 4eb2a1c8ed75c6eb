/* SPDX-License-Identifier: ISC */
/* check_ctl_patience.c - a server that stops answering never hangs kmemctl. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "kmemctl.h"
#include "rpc/client.h"
#include "tests/unit/unit.h"

#define LARGE (1 << 20) /* bytes: more than a socket takes */

static double begin;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void setup(void)
{
	kmemctl_setup();
	begin = now();
}

/* kmemctl waits for half a second below; valgrind is slow. */
static void teardown(void)
{
	ck_assert(now() - begin < KMEMCTL_DEADLINE_S / 2);
	kmemctl_teardown();
}

/* The server serves one connection after the other: now it serves this. */
static struct rpc_client *keep_busy(void)
{
	struct rpc_client *client;
	struct json_object *reply;

	ck_assert_int_eq(rpc_client_open(kmemctl_here.socket,
			     KMEMCTL_DEADLINE_S * 1000, &client),
	    0);
	ck_assert_int_eq(rpc_client_call(client, "version", NULL, &reply), 0);
	json_object_put(reply);
	return client;
}

static char *large_line(void)
{
	static const char begin_text[] = "core.echo ";
	char *line = malloc(LARGE + 1);

	ck_assert_ptr_nonnull(line);
	memset(line, 'a', LARGE);
	memcpy(line, begin_text, strlen(begin_text));
	line[LARGE] = '\0';
	return line;
}

START_TEST(a_connection_that_is_not_served)
{
	struct rpc_client *busy = keep_busy();

	kmemctl_run(ARGV(W("--timeout"), W("0.5"), W("version")));
	ck_has(kmemctl_got.err, "no answer in time");
	ck_assert_int_eq(kmemctl_got.status, 4);
	rpc_client_close(&busy);
}
END_TEST

START_TEST(a_large_request_that_is_not_read)
{
	struct rpc_client *busy = keep_busy();
	char *line = large_line();

	kmemctl_script_with(ARGV(W("--timeout"), W("0.5")), line);
	ck_has(kmemctl_got.err, "no answer in time");
	ck_assert_int_eq(kmemctl_got.status, 4);
	rpc_client_close(&busy);
	free(line);
}
END_TEST

START_TEST(a_full_backlog)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fds[64];

	snprintf(
	    addr.sun_path, sizeof(addr.sun_path), "%s", kmemctl_here.socket);
	for (int i = 0; i < 64; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		ck_assert_int_ge(fds[i], 0);
		(void)!connect(fds[i], (struct sockaddr *)&addr, sizeof(addr));
	}
	kmemctl_run(ARGV(W("--timeout"), W("0.5"), W("version")));
	ck_has(kmemctl_got.err, "no answer in time");
	ck_assert_int_eq(kmemctl_got.status, 4);
	for (int i = 0; i < 64; i++)
		close(fds[i]);
}
END_TEST

START_TEST(a_dump_that_stops_in_the_middle)
{
	kmemctl_run(ARGV(W("--timeout"), W("0.5"), W("t.pages_stop")));
	ck_assert_str_eq(kmemctl_got.out, "{\n\tblocks: {\n\t\t1\n\t}\n}\n");
	ck_has(kmemctl_got.err, "no answer in time");
	ck_assert_int_eq(kmemctl_got.status, 4);
}
END_TEST

START_TEST(a_reply_that_trickles)
{
	kmemctl_run(ARGV(W("--timeout"), W("0.5"), W("t.trickle")));
	ck_has(kmemctl_got.err, "no answer in time");
	ck_assert_int_eq(kmemctl_got.status, 4);
}
END_TEST

START_TEST(a_script)
{
	kmemctl_script_with(
	    ARGV(W("--timeout"), W("0.5")), "version\nt.silent\nversion\n");
	ck_assert_str_eq(kmemctl_got.out, "kmemd 0\n");
	ck_has(kmemctl_got.err, "line 2: t.silent: ");
	ck_assert_int_eq(kmemctl_got.status, 4);
}
END_TEST

START_TEST(a_watch_that_has_shown_something)
{
	kmemctl_run(ARGV(W("--timeout"), W("0.5"), W("watch"), W("t.once"),
	    W("-n"), W("0.01")));
	ck_has(kmemctl_got.out, "n: 100");
	ck_has(kmemctl_got.err, "no answer in time");
	ck_assert_int_eq(kmemctl_got.status, 4);
}
END_TEST

START_TEST(completion)
{
	struct rpc_client *busy = keep_busy();

	kmemctl_run(ARGV(W("--complete"), W("wh")));
	ck_assert_str_eq(kmemctl_got.out, "who\tctl.who\n");
	ck_assert_str_eq(kmemctl_got.err, "");
	ck_assert_int_eq(kmemctl_got.status, 0);
	kmemctl_run(ARGV(W("--complete"), W("cfg.get"), W("core"), W("")));
	ck_assert_str_eq(kmemctl_got.out, "");
	ck_assert_int_eq(kmemctl_got.status, 0);
	rpc_client_close(&busy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ctl_patience");
	TCase *tc = tcase_create("ctl_patience");

	tcase_set_timeout(tc, 4 * KMEMCTL_DEADLINE_S);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_connection_that_is_not_served);
	tcase_add_test(tc, a_large_request_that_is_not_read);
	tcase_add_test(tc, a_full_backlog);
	tcase_add_test(tc, a_dump_that_stops_in_the_middle);
	tcase_add_test(tc, a_reply_that_trickles);
	tcase_add_test(tc, a_script);
	tcase_add_test(tc, a_watch_that_has_shown_something);
	tcase_add_test(tc, completion);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
