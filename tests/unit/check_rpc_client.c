/* SPDX-License-Identifier: ISC */
/* check_rpc_client.c - the blocking client, against a server of its own. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>
#include <json-c/json.h>

#include "base/err.h"
#include "rpc/client.h"
#include "rpc_loop.h"
#include "tests/unit/unit.h"

#define TIMEOUT_MS 10000 /* of calls that are to succeed */

static pid_t server = -1;

static void serve(int fd, const struct rpc_limits *limits)
{
	struct rpc_server_options opt = { .tables = loop_tables,
		.limits = limits };
	struct event_base *base = event_base_new();
	struct rpc_server *s;

	opt.base = base;
	if (base != NULL && rpc_server_new(fd, &opt, &s) == 0)
		event_base_dispatch(base);
}

/* A server that knows one sentence; NULL: it hangs up. */
static void serve_text(int fd, const char *text)
{
	char buf[4096];

	int sock;

	fcntl(fd, F_SETFL, 0); /* let accept() wait */
	while ((sock = accept(fd, NULL, NULL)) >= 0) {
		if (text != NULL && recv(sock, buf, sizeof(buf), 0) > 0)
			(void)send(sock, text, strlen(text), MSG_NOSIGNAL);
		close(sock);
	}
}

static void start(const struct rpc_limits *limits, const char *text)
{
	int fd;

	ck_assert_int_eq(
	    rpc_listen(loop.path, 0600, (uid_t)-1, (gid_t)-1, &fd), 0);
	server = fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (limits != NULL)
			serve(fd, limits);
		else
			serve_text(fd, text);
		_exit(1);
	}
	ck_assert_int_gt(server, 0);
	close(fd);
}

static void setup(void)
{
	loop_make_dir();
}

static void teardown(void)
{
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	server = -1;
	loop_remove_dir();
}

static struct rpc_client *open_client(int timeout_ms)
{
	struct rpc_client *client;

	ck_assert_int_eq(rpc_client_open(loop.path, timeout_ms, &client), 0);
	return client;
}

static struct json_object *params_of(const char *text)
{
	struct json_object *params = json_tokener_parse(text);

	ck_assert_ptr_nonnull(params);
	return params;
}

static const char *text_of(struct json_object *reply, const char *member)
{
	return json_object_to_json_string_ext(
	    json_object_object_get(reply, member), JSON_C_TO_STRING_PLAIN);
}

START_TEST(a_call_gives_the_whole_reply_result_or_error)
{
	struct rpc_client *client;
	struct json_object *reply;

	start(&(struct rpc_limits){ 0 }, NULL);
	client = open_client(TIMEOUT_MS);
	ck_assert_int_eq(rpc_client_call(client, "echo",
			     params_of("[{\"a\":[1,2]}]"), &reply),
	    0);
	ck_assert_str_eq(text_of(reply, "result"), "{\"a\":[1,2]}");
	json_object_put(reply);
	ck_assert_int_eq(rpc_client_call(client, "echo", NULL, &reply), 0);
	ck_assert_str_eq(text_of(reply, "result"), "null");
	json_object_put(reply);
	ck_assert_int_eq(rpc_client_call(client, "none", NULL, &reply), 0);
	ck_assert_ptr_nonnull(strstr(text_of(reply, "error"), "-32601"));
	json_object_put(reply);
	rpc_client_close(&client);
	ck_assert_ptr_null(client);
}
END_TEST

START_TEST(large_params_and_large_results_pass)
{
	struct rpc_limits limits = { .request_size = 4 << 20 };
	size_t n = 3 << 20;
	char *text = malloc(n + 1);
	struct rpc_client *client;
	struct json_object *reply, *params = json_object_new_array();

	memset(text, 'x', n);
	text[n] = '\0';
	json_object_array_add(params, json_object_new_string(text));
	start(&limits, NULL);
	client = open_client(TIMEOUT_MS);
	ck_assert_int_eq(rpc_client_call(client, "echo", params, &reply), 0);
	ck_assert_str_eq(
	    json_object_get_string(json_object_object_get(reply, "result")),
	    text);
	json_object_put(reply);
	ck_assert_int_eq(rpc_client_call(client, "echo", NULL, &reply), 0);
	json_object_put(reply);
	rpc_client_close(&client);
	free(text);
}
END_TEST

START_TEST(an_answer_that_does_not_come_is_a_time_out)
{
	struct rpc_client *client;
	struct json_object *reply;
	uint64_t begin;

	start(&(struct rpc_limits){ 0 }, NULL);
	client = open_client(100);
	begin = loop_now_ms();
	ck_assert_int_eq(
	    rpc_client_call(client, "later", NULL, &reply), -KM_ETIMEOUT);
	ck_assert_uint_ge(loop_now_ms() - begin, 90);
	ck_assert_uint_lt(loop_now_ms() - begin, 5000);
	rpc_client_close(&client);
	client = open_client(0);
	ck_assert_int_eq(
	    rpc_client_call(client, "later", NULL, &reply), -KM_ETIMEOUT);
	rpc_client_close(&client);
}
END_TEST

START_TEST(a_socket_that_is_not_there_or_dead_gives_its_errno)
{
	struct rpc_client *client = NULL;
	char path[200];
	int fd;

	ck_assert_int_eq(rpc_client_open(loop.path, 100, &client), -KM_ESYS);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(
	    rpc_listen(loop.path, 0600, (uid_t)-1, (gid_t)-1, &fd), 0);
	close(fd);
	ck_assert_int_eq(rpc_client_open(loop.path, -1, &client), -KM_ESYS);
	ck_assert_int_eq(errno, ECONNREFUSED);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(rpc_client_open(path, 100, &client), -KM_ESYS);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	ck_assert_ptr_null(client);
}
END_TEST

START_TEST(a_server_that_hangs_up_is_closed_and_one_that_babbles_is_wrong)
{
	static const struct {
		const char *text;
		int rc;
	} cases[] = {
		{ NULL, -KM_ECLOSED },
		{ "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":1}", -KM_ECLOSED },
		{ "220 mail.example.org\n", -KM_EPROTO },
		{ "[]\n", -KM_EPROTO },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1}\n", -KM_EPROTO },
		{ "\n", -KM_EPROTO },
		{ "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":1}\n", 0 },
		{ "{\"result\":1,\"id\":77}\n{\"result\":2,\"id\":1}\n", 0 },
		{ "{\"error\":{\"code\":-32002},\"id\":null}\n", 0 },
	};
	struct rpc_client *client;
	struct json_object *reply;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(NULL, cases[i].text);
		client = open_client(TIMEOUT_MS);
		reply = NULL;
		ck_assert_msg(rpc_client_call(client, "echo", NULL, &reply) ==
				  cases[i].rc,
		    "case %zu", i);
		json_object_put(reply);
		rpc_client_close(&client);
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
}
END_TEST

START_TEST(a_refusal_is_the_reply_of_the_first_call)
{
	struct rpc_limits limits = { .connections = 1 };
	struct rpc_client *first, *second;
	struct json_object *reply;

	start(&limits, NULL);
	first = open_client(TIMEOUT_MS);
	ck_assert_int_eq(rpc_client_call(first, "echo", NULL, &reply), 0);
	json_object_put(reply);
	second = open_client(TIMEOUT_MS);
	ck_assert_int_eq(rpc_client_call(second, "echo", NULL, &reply), 0);
	ck_assert_ptr_nonnull(
	    strstr(text_of(reply, "error"), "\"rpc_connections\""));
	json_object_put(reply);
	rpc_client_close(&second);
	rpc_client_close(&first);
}
END_TEST

START_TEST(a_connection_that_the_server_has_closed_is_seen_to_be)
{
	struct rpc_limits limits = { .idle_ms = 500 };
	struct rpc_client *client;
	struct json_object *reply;
	uint64_t deadline = loop_now_ms() + LOOP_DEADLINE_MS;

	start(&limits, NULL);
	client = open_client(TIMEOUT_MS);
	ck_assert_int_eq(rpc_client_call(client, "echo", NULL, &reply), 0);
	json_object_put(reply);
	ck_assert(rpc_client_is_open(client));
	while (rpc_client_is_open(client))
		must(loop_now_ms() < deadline);
	rpc_client_close(&client);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_client");
	TCase *tc = tcase_create("client");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_call_gives_the_whole_reply_result_or_error);
	tcase_add_test(tc, large_params_and_large_results_pass);
	tcase_add_test(tc, an_answer_that_does_not_come_is_a_time_out);
	tcase_add_test(tc, a_socket_that_is_not_there_or_dead_gives_its_errno);
	tcase_add_test(
	    tc, a_server_that_hangs_up_is_closed_and_one_that_babbles_is_wrong);
	tcase_add_test(tc, a_refusal_is_the_reply_of_the_first_call);
	tcase_add_test(
	    tc, a_connection_that_the_server_has_closed_is_seen_to_be);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
