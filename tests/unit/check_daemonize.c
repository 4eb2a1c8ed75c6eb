/* SPDX-License-Identifier: ISC */
/* check_daemonize.c - what the parent of a daemon learns, and the child's
 * place.
 */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "daemon/daemonize.h"
#include "daemon/logsink.h"
#include "daemon/param.h"
#include "heard.h"
#include "tests/unit/unit.h"

static struct {
	int read_end;
	int own_stderr;
} captured;

static void setup(void)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	captured.own_stderr = dup(STDERR_FILENO);
	captured.read_end = ends[0];
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
}

static void teardown(void)
{
	dup2(captured.own_stderr, STDERR_FILENO);
	close(captured.own_stderr);
	close(captured.read_end);
}

static const char *printed(void)
{
	static char buf[16384];
	ssize_t n = read(captured.read_end, buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

/* Start a service that does this; what the parent's exit status would be. */
static int run(void (*service)(void))
{
	int role = daemonize_fork();

	ck_assert_int_ge(role, 0);
	if (role == DAEMONIZE_CHILD) {
		service();
		_exit(3);
	}
	ck_assert_int_eq(daemonize_fd(), -1);
	return daemonize_wait();
}

static void answer(void)
{
	daemonize_ready(DAEMONIZE_DROP_STDERR);
	_exit(0);
}

START_TEST(the_parent_succeeds_when_the_service_answers)
{
	ck_assert_int_eq(run(answer), 0);
	ck_assert_str_eq(printed(), "");
}
END_TEST

static void fail_with_reason(void)
{
	param_init();
	logsink_open(LOGSINK_SYSLOG);
	logsink_tee(daemonize_fd());
	LM_ERR("chunk: no room");
	LM_ERR("so no start");
	_exit(1);
}

START_TEST(the_parent_prints_the_reasons_it_is_given)
{
	ck_assert_int_eq(run(fail_with_reason), 1);
	ck_assert_str_eq(printed(), "chunk: no room\nso no start\n");
}
END_TEST

static void fail_in_silence(void)
{
	_exit(7);
}

START_TEST(a_silent_end_is_told_by_its_status)
{
	ck_assert_int_eq(run(fail_in_silence), 1);
	ck_assert_str_eq(
	    printed(), "kmemd: did not start: exit status 7, see the log\n");
}
END_TEST

static void get_killed(void)
{
	kill(getpid(), SIGKILL);
}

START_TEST(a_kill_is_told_by_its_signal)
{
	ck_assert_int_eq(run(get_killed), 1);
	ck_assert_str_eq(
	    printed(), "kmemd: did not start: killed by signal 9 (Killed)\n");
}
END_TEST

static int hold[2]; /* its write end is open until the test is over */

static void leave_a_worker(void)
{
	char byte;

	if (fork() == 0) {
		close(hold[1]);
		_exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
	}
	fail_in_silence();
}

START_TEST(a_worker_that_still_runs_does_not_keep_the_parent_waiting)
{
	ck_assert_int_eq(pipe(hold), 0);
	ck_assert_int_eq(run(leave_a_worker), 1);
	ck_assert_ptr_nonnull(strstr(printed(), "exit status 7"));
	close(hold[0]);
	close(hold[1]);
}
END_TEST

static void write_a_lot(void)
{
	char text[1024];

	memset(text, 'z', sizeof(text));
	for (int i = 0; i < 200; i++)
		if (write(daemonize_fd(), text, sizeof(text)) < 0)
			_exit(0);
	_exit(1);
}

START_TEST(more_than_can_be_kept_does_not_block_the_child)
{
	ck_assert_int_eq(run(write_a_lot), 1);
	ck_assert_uint_gt(strlen(printed()), 1000);
}
END_TEST

/* Its findings come back as the reason. */
static void look_around(void)
{
	char cwd[16];

	if (getsid(0) != getpid())
		dprintf(daemonize_fd(), "session ");
	if (getcwd(cwd, sizeof(cwd)) == NULL || strcmp(cwd, "/") != 0)
		dprintf(daemonize_fd(), "folder ");
	dprintf(daemonize_fd(), "done");
	_exit(1);
}

START_TEST(the_service_has_a_session_of_its_own_and_lives_in_the_root)
{
	ck_assert_int_eq(run(look_around), 1);
	ck_assert_str_eq(printed(), "done");
}
END_TEST

static int report[2];

static void look_at_streams(void)
{
	char name[32] = "", stderr_name[32] = "";

	daemonize_ready(DAEMONIZE_KEEP_STDERR);
	if (readlink("/proc/self/fd/1", name, sizeof(name) - 1) < 0 ||
	    readlink("/proc/self/fd/2", stderr_name, sizeof(stderr_name) - 1) <
		0)
		_exit(1);
	dprintf(report[1], "%s %d %d", name,
	    strncmp(stderr_name, "pipe:", 5) == 0, daemonize_fd());
	_exit(0);
}

START_TEST(streams_are_dropped_at_readiness_but_stderr_if_the_log_is_there)
{
	char buf[64] = "";

	ck_assert_int_eq(pipe(report), 0);
	ck_assert_int_eq(run(look_at_streams), 0);
	close(report[1]);
	ck_assert_int_gt(read(report[0], buf, sizeof(buf) - 1), 0);
	ck_assert_str_eq(buf, "/dev/null 1 -1");
	close(report[0]);
}
END_TEST

START_TEST(in_the_foreground_there_is_nobody_to_tell)
{
	ck_assert_int_eq(daemonize_fd(), -1);
	daemonize_ready(DAEMONIZE_DROP_STDERR); /* leaves our streams alone */
	daemonize_settle(DAEMONIZE_DROP_STDERR);
	ck_assert_int_eq(write(STDERR_FILENO, "x", 1), 1);
	ck_assert_str_eq(printed(), "x");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemonize");
	TCase *tc = tcase_create("daemonize");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_parent_succeeds_when_the_service_answers);
	tcase_add_test(tc, the_parent_prints_the_reasons_it_is_given);
	tcase_add_test(tc, a_silent_end_is_told_by_its_status);
	tcase_add_test(tc, a_kill_is_told_by_its_signal);
	tcase_add_test(
	    tc, a_worker_that_still_runs_does_not_keep_the_parent_waiting);
	tcase_add_test(tc, more_than_can_be_kept_does_not_block_the_child);
	tcase_add_test(
	    tc, the_service_has_a_session_of_its_own_and_lives_in_the_root);
	tcase_add_test(tc,
	    streams_are_dropped_at_readiness_but_stderr_if_the_log_is_there);
	tcase_add_test(tc, in_the_foreground_there_is_nobody_to_tell);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
