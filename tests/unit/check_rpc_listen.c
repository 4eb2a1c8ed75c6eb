/* SPDX-License-Identifier: ISC */
/* check_rpc_listen.c - the socket file: its mode, its owner, its forerunner. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "heard.h"
#include "rpc_loop.h"
#include "tests/unit/unit.h"

#define NOBODY 65534

static mode_t old_umask;

static void setup(void)
{
	loop_make_dir();
	old_umask = umask(022);
}

static void teardown(void)
{
	umask(old_umask);
	loop_remove_dir();
}

static int listen_here(mode_t mode, int *fd)
{
	return rpc_listen(loop.path, mode, (uid_t)-1, (gid_t)-1, fd);
}

static mode_t mode_here(void)
{
	struct stat st;

	ck_assert_int_eq(lstat(loop.path, &st), 0);
	return st.st_mode;
}

START_TEST(the_file_has_exactly_the_mode_that_was_asked_for)
{
	static const mode_t modes[] = { 0600, 0660, 0666, 0620, 0777 };
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	int fd;

	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < 4; k++) {
			umask(masks[k]);
			ck_assert_int_eq(listen_here(modes[i], &fd), 0);
			ck_assert_uint_eq(mode_here(), S_IFSOCK | modes[i]);
			ck_assert_uint_eq(umask(022), masks[k]);
			close(fd);
		}
}
END_TEST

START_TEST(the_file_gets_its_owner_or_none_is_made)
{
	struct stat st;
	int fd;

	if (geteuid() != 0) {
		ck_assert_int_eq(
		    rpc_listen(loop.path, 0600, NOBODY, NOBODY, &fd), -KM_ESYS);
		ck_assert_int_eq(errno, EPERM);
		ck_assert_int_lt(lstat(loop.path, &st), 0);
		return;
	}
	ck_assert_int_eq(rpc_listen(loop.path, 0660, NOBODY, NOBODY, &fd), 0);
	ck_assert_int_eq(lstat(loop.path, &st), 0);
	ck_assert_uint_eq(st.st_uid, NOBODY);
	ck_assert_uint_eq(st.st_gid, NOBODY);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	close(fd);
}
END_TEST

START_TEST(where_there_is_no_folder_it_is_said_that_one_is_needed)
{
	int fd;

	heard_start();
	ck_assert_int_eq(
	    rpc_listen("/nonexistent/sock", 0600, (uid_t)-1, (gid_t)-1, &fd),
	    -KM_ESYS);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_str_eq(heard.text,
	    "socket /nonexistent/sock: cannot create it: No such file or "
	    "directory: make its folder, let this user write to it, or choose "
	    "another path\n");
}
END_TEST

START_TEST(a_socket_that_somebody_listens_on_is_left_alone)
{
	int fd, second;

	ck_assert_int_eq(listen_here(0600, &fd), 0);
	ck_assert_int_eq(listen_here(0666, &second), -KM_EBUSY);
	ck_assert_uint_eq(mode_here(), S_IFSOCK | 0600);
	close(loop_connect());
	close(fd);
}
END_TEST

START_TEST(a_stale_socket_is_replaced)
{
	int fd;

	ck_assert_int_eq(listen_here(0600, &fd), 0);
	close(fd);
	ck_assert_int_eq(listen_here(0640, &fd), 0);
	ck_assert_uint_eq(mode_here(), S_IFSOCK | 0640);
	close(loop_connect());
	close(fd);
}
END_TEST

/* Its child has the socket: it will end too, but has not had its turn yet. */
START_TEST(a_socket_is_replaced_when_who_made_it_is_dead)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };
	int type = types[_i / 2], ends[2], fd;
	bool is_zombie = _i % 2 != 0;
	siginfo_t info;
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(ends[1]);
		if (rpc_listen_as(type, loop.path, 0600, (uid_t)-1, (gid_t)-1,
			&fd) == 0 &&
		    fork() == 0)
			(void)!read(ends[0], &byte, 1);
		_exit(0);
	}
	close(ends[0]);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info,
			     WEXITED | (is_zombie ? WNOWAIT : 0)),
	    0);
	ck_assert_uint_eq(mode_here(), S_IFSOCK | 0600);
	ck_assert_int_eq(
	    rpc_listen_as(type, loop.path, 0640, (uid_t)-1, (gid_t)-1, &fd), 0);
	ck_assert_uint_eq(mode_here(), S_IFSOCK | 0640);
	if (is_zombie)
		waitpid(pid, NULL, 0);
	close(ends[1]);
	close(fd);
}
END_TEST

START_TEST(a_socket_of_another_type_in_use_is_left_alone)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int other = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), fd;

	memcpy(addr.sun_path, loop.path, strlen(loop.path));
	ck_assert_int_eq(
	    bind(other, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(other, 1), 0);
	ck_assert_int_eq(listen_here(0600, &fd), -KM_EBUSY);
	ck_assert(S_ISSOCK(mode_here()));
	close(other);
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_never_removed)
{
	char target[sizeof(loop.path) + 8];
	int fd = open(loop.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(listen_here(0600, &fd), -KM_ESYS);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert(S_ISREG(mode_here()));
	unlink(loop.path);

	ck_assert_int_eq(mkdir(loop.path, 0700), 0);
	ck_assert_int_eq(listen_here(0600, &fd), -KM_ESYS);
	ck_assert(S_ISDIR(mode_here()));
	rmdir(loop.path);

	snprintf(target, sizeof(target), "%s.x", loop.path);
	ck_assert_int_eq(symlink(target, loop.path), 0);
	ck_assert_int_eq(listen_here(0600, &fd), -KM_ESYS);
	ck_assert(S_ISLNK(mode_here()));
}
END_TEST

START_TEST(a_path_that_is_too_long_or_leads_nowhere_says_so)
{
	char path[200];
	int fd;

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(
	    rpc_listen(path, 0600, (uid_t)-1, (gid_t)-1, &fd), -KM_ESYS);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	snprintf(path, sizeof(path), "%s/none/sock", loop.dir);
	ck_assert_int_eq(
	    rpc_listen(path, 0600, (uid_t)-1, (gid_t)-1, &fd), -KM_ESYS);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(
	    rpc_listen("", 0600, (uid_t)-1, (gid_t)-1, &fd), -KM_ESYS);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_listen");
	TCase *tc = tcase_create("listen");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_file_has_exactly_the_mode_that_was_asked_for);
	tcase_add_test(tc, the_file_gets_its_owner_or_none_is_made);
	tcase_add_test(
	    tc, where_there_is_no_folder_it_is_said_that_one_is_needed);
	tcase_add_test(tc, a_socket_that_somebody_listens_on_is_left_alone);
	tcase_add_test(tc, a_stale_socket_is_replaced);
	tcase_add_loop_test(
	    tc, a_socket_is_replaced_when_who_made_it_is_dead, 0, 4);
	tcase_add_test(tc, a_socket_of_another_type_in_use_is_left_alone);
	tcase_add_test(tc, a_file_that_is_no_socket_is_never_removed);
	tcase_add_test(tc, a_path_that_is_too_long_or_leads_nowhere_says_so);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
