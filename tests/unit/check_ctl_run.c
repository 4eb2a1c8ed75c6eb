/* SPDX-License-Identifier: ISC */
/* check_ctl_run.c - the real kmemctl: output, messages and exit statuses. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmemctl.h"
#include "tests/unit/unit.h"

#define WORDS 8

static const struct {
	const char *words[WORDS];
	int status;
	const char *out, *err; /* all of it */
} cases[] = {
	{ { "core.shmmem" }, 0, "{\n\ttotal: 33554432\n\tfragments: 1\n}\n",
	    "" },
	{ { "--json", "core.shmmem" }, 0,
	    "{\"total\":33554432,\"fragments\":1}\n", "" },
	{ { "ps" }, 0, "{\n\tIDX: 0\n\tPID: 42\n}\n", "" },
	{ { "version" }, 0, "kmemd 0\n", "" },
	{ { "ls" }, 0, "core.a\ncore.b\n", "" },
	{ { "help" }, 0, "core.a\ncore.b\n", "" },
	{ { "help", "core.a" }, 0, "core.a [n:int]\none\n\ttwo\n", "" },
	{ { "t.null" }, 0, "ok\n", "" },
	{ { "--json", "core.echo", "-5", "a b", "s:7", "i:8" }, 0,
	    "[-5,\"a b\",\"7\",8]\n", "" },
	{ { "--json", "core.echo", "-s", "--json" }, 0, "[\"-s\",\"--json\"]\n",
	    "" },
	{ { "t.pages" }, 0,
	    "{\n\tpid: 7\n\tblocks: {\n\t\t10\n\t\t11\n\t\t20\n\t\t21\n"
	    "\t\t30\n\t\t31\n\t}\n}\n",
	    "" },
	{ { "--json", "t.pages", "7" }, 0,
	    "{\"pid\":7,\"blocks\":[10,11],\"next\":{\"method\":"
	    "\"t.pages\",\"params\":{\"from\":2}}}\n"
	    "{\"pid\":7,\"blocks\":[20,21],\"next\":{\"method\":"
	    "\"t.pages\",\"params\":{\"from\":3}}}\n"
	    "{\"pid\":7,\"blocks\":[30,31],\"next\":null}\n",
	    "" },
	{ { "t.fail" }, 1, "",
	    "kmemctl: t.fail: no process 99 (there are 1, 2)\n" },
	{ { "t.plain" }, 1, "",
	    "kmemctl: t.plain: unknown (kmemctl ls lists all methods)\n" },
	{ { "t.odd" }, 1, "", "kmemctl: t.odd: [ 1 ]\n" },
	{ { "t.hostile" }, 1, "", "kmemctl: t.hostile: a\\x1b[2J\\nb\n" },
	{ { "--json", "t.plain" }, 1,
	    "{\"error\":{\"code\":-32601,\"message\":\"unknown\"}}\n",
	    "kmemctl: t.plain: unknown (kmemctl ls lists all methods)\n" },
	{ { "t.pages_fail" }, 1, "{\n\tblocks: {\n\t\t1\n\t}\n}\n",
	    "kmemctl: t.pages_fail: it has gone\n" },
	{ { "t.loop" }, 1, "{\n}\n",
	    "kmemctl: t.loop: the result does not end: page "
	    "{ \"method\": \"t.loop\" } leads nowhere (a fault of the "
	    "server)\n" },
	{ { "core.echo", "99999999999999999999" }, 2, "",
	    "kmemctl: core.echo: 99999999999999999999 does not fit in 64 bits "
	    "(s: before it makes it a string)\n" },
	{ { "core.echo", "i:x" }, 2, "",
	    "kmemctl: core.echo: i:x is no whole number (digits, maybe - "
	    "before them)\n" },
	{ { "core.echo", "a\xff" }, 2, "",
	    "kmemctl: core.echo: the argument a\\xff is not UTF-8\n" },
	{ { "" }, 2, "",
	    "kmemctl: \"\" cannot be a method's name (help lists them)\n" },
	{ { "quit" }, 2, "",
	    "kmemctl: quit: there is no prompt to leave (core.shutdown stops "
	    "kmemd)\n" },
	{ { "-x", "core.shmmem" }, 2, "",
	    "kmemctl: -x: this option is not known, or not in this form "
	    "(kmemctl --help lists the options)\n" },
	{ { "--timeout" }, 2, "",
	    "kmemctl: --timeout: a value must follow (kmemctl --help lists "
	    "the options)\n" },
	{ { "--timeout", "soon", "core.shmmem" }, 2, "",
	    "kmemctl: --timeout: soon is no such time (seconds, from 0.001 to "
	    "86400)\n" },
};

START_TEST(every_command_has_its_output_message_and_status)
{
	char words[WORDS][64];
	char *argv[WORDS + 2] = { W("kmemctl") };

	for (int i = 0; cases[_i].words[i] != NULL; i++) {
		snprintf(words[i], sizeof(words[i]), "%s", cases[_i].words[i]);
		argv[i + 1] = words[i];
	}
	kmemctl_run(argv);
	ck_assert_str_eq(kmemctl_got.err, cases[_i].err);
	ck_assert_str_eq(kmemctl_got.out, cases[_i].out);
	ck_assert_int_eq(kmemctl_got.status, cases[_i].status);
}
END_TEST

/* What the server does instead of an answer, and what is said about it. */
static const struct {
	const char *method;
	int status;
	const char *says;
} failures[] = {
	{ "t.silent", 4, "no answer in time" },
	{ "t.half", 4, "no answer in time" },
	{ "t.close", 3, "closed the connection" },
	{ "t.cut", 3, "closed the connection" },
	{ "t.garbage", 3, "no JSON-RPC reply" },
	{ "t.other", 3, "no JSON-RPC reply" },
};

START_TEST(a_server_that_does_not_answer_properly_is_told)
{
	char method[32];

	snprintf(method, sizeof(method), "%s", failures[_i].method);
	kmemctl_run(ARGV(W("--timeout"), W("0.3"), method));
	ck_assert_str_eq(kmemctl_got.out, "");
	ck_has(kmemctl_got.err, failures[_i].says);
	ck_has(kmemctl_got.err, method);
	ck_has(kmemctl_got.err, kmemctl_here.socket);
	ck_assert_int_eq(kmemctl_got.status, failures[_i].status);
}
END_TEST

START_TEST(no_socket_is_told_with_its_name_reason_and_remedy)
{
	kmemctl_run(ARGV(W("-s"), W("/nonexistent/sock"), W("core.shmmem")));
	ck_assert_str_eq(kmemctl_got.err,
	    "kmemctl: cannot connect to /nonexistent/sock: No such file or "
	    "directory (is kmemd running? -s SOCKET or KMEMD_SOCK names "
	    "another socket)\n");
	ck_assert_int_eq(kmemctl_got.status, 3);
}
END_TEST

START_TEST(a_socket_without_a_listener_is_told)
{
	kill(kmemctl_here.server, SIGKILL);
	waitpid(kmemctl_here.server, NULL, 0);
	kmemctl_here.server = 0;
	kmemctl_run(ARGV(W("core.shmmem")));
	ck_has(kmemctl_got.err, kmemctl_here.socket);
	ck_has(kmemctl_got.err, "Connection refused (is kmemd running?");
	ck_assert_int_eq(kmemctl_got.status, 3);
}
END_TEST

START_TEST(a_path_too_long_for_a_socket_is_told)
{
	char path[200];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	kmemctl_run(ARGV(W("-s"), path, W("core.shmmem")));
	ck_has(kmemctl_got.err, "107 bytes");
	ck_assert_int_eq(kmemctl_got.status, 3);
}
END_TEST

START_TEST(help_and_version_need_no_server)
{
	kmemctl_run(ARGV(W("-s"), W("/nonexistent"), W("--help")));
	ck_assert_int_eq(kmemctl_got.status, 0);
	ck_has(kmemctl_got.out, "--timeout SECONDS");
	ck_has(kmemctl_got.out, KMEMD_RUNDIR "/kmemd.sock");
	ck_has(kmemctl_got.out, "core.psx");
	ck_assert_str_eq(kmemctl_got.err, "");
	kmemctl_run(ARGV(W("-v")));
	ck_assert_int_eq(kmemctl_got.status, 0);
	ck_assert_str_eq(kmemctl_got.out, "kmemctl " PACKAGE_VERSION "\n");
}
END_TEST

START_TEST(output_that_cannot_be_written_is_an_error)
{
	static const char *const outs[] = { "/dev/full", NULL };
	static const char *const methods[] = { "core.shmmem", "t.many",
		"--help" };
	char method[32];

	for (size_t i = 0; i < 2 * 3; i++) {
		snprintf(method, sizeof(method), "%s", methods[i / 2]);
		kmemctl_run_to(outs[i % 2], ARGV(method));
		ck_has(kmemctl_got.err, "cannot write");
		ck_has(kmemctl_got.err,
		    outs[i % 2] != NULL ? strerror(ENOSPC) : strerror(EBADF));
		ck_assert_int_eq(kmemctl_got.status, 5);
	}
}
END_TEST

START_TEST(a_reader_that_has_gone_is_an_error_not_a_signal)
{
	int pipe_fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe(pipe_fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(pipe_fds[1], 1);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		kmemctl_redirect(
		    2, kmemctl_here.err, O_WRONLY | O_CREAT | O_TRUNC);
		kmemctl_exec(ARGV(W("t.many")));
	}
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	kmemctl_wait(pid);
	kmemctl_read(
	    kmemctl_here.err, kmemctl_got.err, sizeof(kmemctl_got.err));
	ck_has(kmemctl_got.err, strerror(EPIPE));
	ck_assert_int_eq(kmemctl_got.status, 5);
}
END_TEST

START_TEST(a_long_result_comes_whole)
{
	kmemctl_run(ARGV(W("t.many")));
	ck_assert_int_eq(kmemctl_got.status, 0);
	ck_has(kmemctl_got.out, "\n99999\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ctl_run");
	TCase *tc = tcase_create("ctl_run");

	tcase_set_timeout(tc, 4 * KMEMCTL_DEADLINE_S);
	tcase_add_checked_fixture(tc, kmemctl_setup, kmemctl_teardown);
	tcase_add_loop_test(tc, every_command_has_its_output_message_and_status,
	    0, COUNT(cases));
	tcase_add_loop_test(tc, a_server_that_does_not_answer_properly_is_told,
	    0, COUNT(failures));
	tcase_add_test(tc, no_socket_is_told_with_its_name_reason_and_remedy);
	tcase_add_test(tc, a_socket_without_a_listener_is_told);
	tcase_add_test(tc, a_path_too_long_for_a_socket_is_told);
	tcase_add_test(tc, help_and_version_need_no_server);
	tcase_add_test(tc, output_that_cannot_be_written_is_an_error);
	tcase_add_test(tc, a_reader_that_has_gone_is_an_error_not_a_signal);
	tcase_add_test(tc, a_long_result_comes_whole);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
