/* SPDX-License-Identifier: ISC */
/* check_ctl_prompt.c - the real kmemctl, with a script and on a terminal. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "kmemctl.h"
#include "rpc/client.h"
#include "tests/unit/unit.h"

START_TEST(a_script_runs_line_by_line)
{
	kmemctl_script("# a comment\n\ncore.echo 'a b' # and another\n"
		       "\tversion\r\nps");
	ck_assert_str_eq(kmemctl_got.err, "");
	ck_assert_str_eq(
	    kmemctl_got.out, "a b\nkmemd 0\n{\n\tIDX: 0\n\tPID: 42\n}\n");
	ck_assert_int_eq(kmemctl_got.status, 0);
}
END_TEST

static const struct {
	const char *line;
	int status;
	const char *says;
} bad_lines[] = {
	{ "t.fail", 1, "t.fail: no process 99 (there are 1, 2)\n" },
	{ "core.echo 'a", 2, "a ' is not closed\n" },
	{ "core.echo i:x", 2, "i:x is no whole number" },
	{ "t.close", 3, "closed the connection" },
};

START_TEST(a_script_stops_at_the_first_error_with_its_status)
{
	char script[128];

	snprintf(script, sizeof(script), "version\n%s\nversion\n",
	    bad_lines[_i].line);
	kmemctl_script(script);
	ck_assert_str_eq(kmemctl_got.out, "kmemd 0\n");
	ck_has(kmemctl_got.err, "kmemctl: line 2: ");
	ck_has(kmemctl_got.err, bad_lines[_i].says);
	ck_assert_int_eq(kmemctl_got.status, bad_lines[_i].status);
}
END_TEST

START_TEST(a_script_goes_on_when_told_to_with_the_first_status)
{
	kmemctl_script_with(
	    ARGV(W("-k")), "version\ncore.echo 'a\n\nt.fail\nversion\n");
	ck_assert_str_eq(kmemctl_got.out, "kmemd 0\nkmemd 0\n");
	ck_assert_str_eq(kmemctl_got.err,
	    "kmemctl: line 2: a ' is not closed\n"
	    "kmemctl: line 4: t.fail: no process 99 (there are 1, 2)\n");
	ck_assert_int_eq(kmemctl_got.status, 2);
}
END_TEST

START_TEST(a_nul_byte_in_a_script_is_refused)
{
	static const char script[] = "version\nver\0sion\n";

	kmemctl_script_of(script, sizeof(script) - 1);
	ck_assert_str_eq(kmemctl_got.out, "kmemd 0\n");
	ck_has(kmemctl_got.err, "NUL byte");
	ck_assert_int_eq(kmemctl_got.status, 2);
}
END_TEST

START_TEST(exit_ends_a_script_without_an_error)
{
	kmemctl_script("version\nexit\nt.fail\n");
	ck_assert_str_eq(kmemctl_got.out, "kmemd 0\n");
	ck_assert_str_eq(kmemctl_got.err, "");
	ck_assert_int_eq(kmemctl_got.status, 0);
}
END_TEST

START_TEST(a_script_that_cannot_be_read_is_an_error)
{
	ck_assert_int_eq(mkdir(kmemctl_here.in, 0700), 0);
	kmemctl_run(ARGV());
	ck_has(kmemctl_got.err, "cannot read standard input: Is a directory");
	ck_assert_int_eq(kmemctl_got.status, 5);
	rmdir(kmemctl_here.in);
}
END_TEST

/* --- on a terminal --- */

static struct {
	int fd;
	char text[16384];
	size_t len;
} terminal;

static pid_t run_on_terminal(void)
{
	pid_t pid;

	terminal.fd = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(terminal.fd, 0);
	ck_assert_int_eq(grantpt(terminal.fd), 0);
	ck_assert_int_eq(unlockpt(terminal.fd), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		const char *name = ptsname(terminal.fd);

		setsid();
		kmemctl_redirect(0, name, O_RDWR);
		dup2(0, 1);
		dup2(0, 2);
		close(terminal.fd);
		setenv("TERM", "vt100", 1);
		setenv("NO_COLOR", "1", 1);
		kmemctl_exec(ARGV());
	}
	return pid;
}

static void await(const char *part)
{
	struct pollfd poll_fd = { .fd = terminal.fd, .events = POLLIN };
	time_t end = time(NULL) + KMEMCTL_DEADLINE_S;
	const char *found;
	ssize_t n;

	while (strstr(terminal.text, part) == NULL) {
		ck_assert_msg(time(NULL) < end &&
				  terminal.len < sizeof(terminal.text) - 1,
		    "no \"%s\" in: %s", part, terminal.text);
		if (poll(&poll_fd, 1, 1000) <= 0)
			continue;
		n = read(terminal.fd, terminal.text + terminal.len,
		    sizeof(terminal.text) - 1 - terminal.len);
		ck_assert_msg(n > 0, "no \"%s\" in: %s", part, terminal.text);
		terminal.len += (size_t)n;
		terminal.text[terminal.len] = '\0';
	}
	/* What comes after it stays for the next one. */
	found = strstr(terminal.text, part) + strlen(part);
	terminal.len -= (size_t)(found - terminal.text);
	memmove(terminal.text, found, terminal.len + 1);
}

/* The line editor prints its prompt before it takes the terminal over: until
 * then a control character means what the kernel makes of it. */
static void await_editor(void)
{
	time_t end = time(NULL) + KMEMCTL_DEADLINE_S;
	struct termios termios;

	do {
		ck_assert_int_eq(tcgetattr(terminal.fd, &termios), 0);
		ck_assert_msg(time(NULL) < end, "no line editor");
		poll(NULL, 0, 1);
	} while ((termios.c_lflag & ICANON) != 0);
}

static void type(const char *text)
{
	await_editor();
	ck_assert_int_eq(
	    write(terminal.fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* The server serves one connection after the other: when it answers on this
 * one, it has closed those before. */
static void await_hang_up(void)
{
	struct json_object *reply;
	struct rpc_client *client;

	ck_assert_int_eq(rpc_client_open(kmemctl_here.socket,
			     KMEMCTL_DEADLINE_S * 1000, &client),
	    0);
	ck_assert_int_eq(rpc_client_call(client, "version", NULL, &reply), 0);
	json_object_put(reply);
	rpc_client_close(&client);
}

START_TEST(a_prompt_asks_answers_and_goes_on_after_an_error)
{
	pid_t pid = run_on_terminal();

	await("kmemctl> ");
	type("core.shmmem\r");
	await("fragments: 1\r\n}\r\n");
	type("t.fail\r");
	await("kmemctl: t.fail: no process 99 (there are 1, 2)\r\n");
	type("core.echo \"a b\r");
	await("is not closed");
	type("t.bye\r");
	await("\nbye\r\n");
	await_hang_up();
	type("version\r");
	await("connecting again\r\n");
	await("kmemd 0\r\n");
	type("\020\r"); /* ^P: the line before */
	await("kmemd 0\r\n");
	type("exit\r");
	kmemctl_wait(pid);
	ck_assert_int_eq(kmemctl_got.status, 0);
	close(terminal.fd);
}
END_TEST

START_TEST(end_of_input_leaves_the_prompt)
{
	pid_t pid = run_on_terminal();

	await("kmemctl> ");
	type("\004");
	kmemctl_wait(pid);
	ck_assert_int_eq(kmemctl_got.status, 0);
	close(terminal.fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ctl_prompt");
	TCase *tc = tcase_create("ctl_prompt");

	tcase_set_timeout(tc, 4 * KMEMCTL_DEADLINE_S);
	tcase_add_checked_fixture(tc, kmemctl_setup, kmemctl_teardown);
	tcase_add_test(tc, a_script_runs_line_by_line);
	tcase_add_loop_test(tc,
	    a_script_stops_at_the_first_error_with_its_status, 0,
	    COUNT(bad_lines));
	tcase_add_test(tc, a_script_goes_on_when_told_to_with_the_first_status);
	tcase_add_test(tc, a_nul_byte_in_a_script_is_refused);
	tcase_add_test(tc, exit_ends_a_script_without_an_error);
	tcase_add_test(tc, a_script_that_cannot_be_read_is_an_error);
	tcase_add_test(tc, a_prompt_asks_answers_and_goes_on_after_an_error);
	tcase_add_test(tc, end_of_input_leaves_the_prompt);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
