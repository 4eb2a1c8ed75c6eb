/* SPDX-License-Identifier: ISC */
/* check_pidfile.c - one kmemd at a time. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/pidfile.h"
#include "heard.h"
#include "tests/unit/unit.h"

#define NO_ID ((uid_t)-1)

static char dir[] = "./check-pidfile-XXXXXX";
static char path[64];

static void setup(void)
{
	heard_start();
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/pid", dir);
}

static void teardown(void)
{
	pidfile_close();
	unlink(path);
	rmdir(dir);
}

static pid_t pid_in_file(void)
{
	FILE *fp = fopen(path, "r");
	int pid = 0;

	if (fp == NULL)
		return 0;
	if (fscanf(fp, "%d", &pid) != 1)
		pid = -1;
	fclose(fp);
	return pid;
}

/*
 * Another process: opens the file, says how that went, and waits until the
 * returned descriptor is closed; then it closes the pidfile.
 */
static pid_t start_holder(int *go)
{
	int from[2], to[2];
	char rc;
	pid_t pid;

	ck_assert_int_eq(pipe(from), 0);
	ck_assert_int_eq(pipe(to), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(to[1]);
		rc = (char)pidfile_open(path, NO_ID, NO_ID);
		if (write(from[1], &rc, 1) != 1 || read(to[0], &rc, 1) != 0)
			_exit(1);
		pidfile_close();
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	ck_assert_int_eq(read(from[0], &rc, 1), 1);
	ck_assert_int_eq(rc, 0);
	close(from[0]);
	*go = to[1];
	return pid;
}

START_TEST(the_file_has_our_pid_and_goes_with_us)
{
	ck_assert_int_eq(pidfile_open(path, NO_ID, NO_ID), 0);
	pidfile_close();
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(pidfile_open(path, geteuid(), getegid()), 0);
	/* Reading it here would drop the lock: look from a child. */
	if (fork() == 0)
		_exit(pid_in_file() == getppid() ? 42 : 1);
	int status;

	ck_assert_int_ge(wait(&status), 0);
	ck_assert_int_eq(WEXITSTATUS(status), 42);
}
END_TEST

START_TEST(a_second_one_is_told_who_holds_it)
{
	char want[32];
	int go, status;
	pid_t pid = start_holder(&go);

	ck_assert_int_eq(pidfile_open(path, NO_ID, NO_ID), -KM_EBUSY);
	snprintf(want, sizeof(want), "as process %d,", (int)pid);
	ck_assert_ptr_nonnull(strstr(heard.text, want));
	ck_assert_ptr_nonnull(strstr(heard.text, path));
	ck_assert_int_eq(pid_in_file(), pid); /* the refused one left it */
	close(go);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(pidfile_open(path, NO_ID, NO_ID), 0);
}
END_TEST

START_TEST(a_file_left_by_a_killed_one_is_taken_over)
{
	int go, status;
	pid_t pid = start_holder(&go);

	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(go);
	ck_assert_int_eq(pid_in_file(), pid);
	ck_assert_int_eq(pidfile_open(path, NO_ID, NO_ID), 0);
	pidfile_close();
}
END_TEST

START_TEST(a_worker_neither_keeps_nor_removes_it)
{
	int status;
	pid_t pid;

	ck_assert_int_eq(pidfile_open(path, NO_ID, NO_ID), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		pidfile_close();
		/* The lock is still the parent's. */
		_exit(pidfile_open(path, NO_ID, NO_ID) == -KM_EBUSY ? 42 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 42);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_file_that_replaced_ours_is_not_removed)
{
	int fd;

	ck_assert_int_eq(pidfile_open(path, NO_ID, NO_ID), 0);
	ck_assert_int_eq(unlink(path), 0);
	fd = open(path, O_CREAT | O_WRONLY, 0644);
	ck_assert_int_ge(fd, 0);
	close(fd);
	pidfile_close();
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_symbolic_link_is_not_followed)
{
	char target[80];

	snprintf(target, sizeof(target), "%s/target", dir);
	ck_assert_int_eq(symlink("target", path), 0);
	ck_assert_int_eq(pidfile_open(path, NO_ID, NO_ID), -KM_ESYS);
	ck_assert_int_eq(access(target, F_OK), -1);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_named)
{
	ck_assert_int_eq(
	    pidfile_open("./check-pidfile-absent/pid", NO_ID, NO_ID), -KM_ESYS);
	ck_assert_str_eq(heard.text,
	    "pidfile ./check-pidfile-absent/pid: cannot create: "
	    "No such file or directory\n");
}
END_TEST

START_TEST(without_a_path_there_is_nothing_to_do)
{
	ck_assert_int_eq(pidfile_open("", NO_ID, NO_ID), 0);
	pidfile_close();
	ck_assert_str_eq(heard.text, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pidfile");
	TCase *tc = tcase_create("pidfile");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_file_has_our_pid_and_goes_with_us);
	tcase_add_test(tc, a_second_one_is_told_who_holds_it);
	tcase_add_test(tc, a_file_left_by_a_killed_one_is_taken_over);
	tcase_add_test(tc, a_worker_neither_keeps_nor_removes_it);
	tcase_add_test(tc, a_file_that_replaced_ours_is_not_removed);
	tcase_add_test(tc, a_symbolic_link_is_not_followed);
	tcase_add_test(tc, a_folder_that_is_not_there_is_named);
	tcase_add_test(tc, without_a_path_there_is_nothing_to_do);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
