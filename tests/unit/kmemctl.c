/* SPDX-License-Identifier: ISC */
/* kmemctl.c - runs the real kmemctl for tests, against a fake server. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_server.h"
#include "kmemctl.h"

struct kmemctl_here kmemctl_here;
struct kmemctl_got kmemctl_got;

void kmemctl_setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(kmemctl_here.dir, sizeof(kmemctl_here.dir),
	    "%s/kmem-ctl.XXXXXX",
	    tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(kmemctl_here.dir));
	snprintf(kmemctl_here.socket, sizeof(kmemctl_here.socket), "%s/sock",
	    kmemctl_here.dir);
	snprintf(kmemctl_here.in, sizeof(kmemctl_here.in), "%s/in",
	    kmemctl_here.dir);
	snprintf(kmemctl_here.out, sizeof(kmemctl_here.out), "%s/out",
	    kmemctl_here.dir);
	snprintf(kmemctl_here.err, sizeof(kmemctl_here.err), "%s/err",
	    kmemctl_here.dir);
	setenv("KMEMD_SOCK", kmemctl_here.socket, 1);
	setenv("KMEMCTL_HISTORY", "", 1);
	kmemctl_here.server = fake_server_start(kmemctl_here.socket);
	ck_assert_int_gt(kmemctl_here.server, 0);
}

void kmemctl_teardown(void)
{
	fake_server_stop(&kmemctl_here.server, kmemctl_here.socket);
	unlink(kmemctl_here.in);
	unlink(kmemctl_here.out);
	unlink(kmemctl_here.err);
	ck_assert_int_eq(rmdir(kmemctl_here.dir), 0);
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

void kmemctl_read(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t len;

	ck_assert_ptr_nonnull(file);
	len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	fclose(file);
}

void kmemctl_redirect(int to, const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0 || dup2(fd, to) < 0)
		_exit(99);
	close(fd);
}

void kmemctl_exec(char **argv)
{
	const char *program = getenv("KMEMCTL");

	if (program == NULL)
		program = "ctl/kmemctl";
	alarm(KMEMCTL_DEADLINE_S); /* goes on over exec: a hang becomes a signal
				    */
	execv(program, argv);
	perror(program);
	_exit(98);
}

void kmemctl_wait(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	kmemctl_got.status =
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Run kmemctl with stdout to a path, NULL: closed. */
void kmemctl_run_to(const char *out, char **argv)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		kmemctl_redirect(0,
		    access(kmemctl_here.in, F_OK) == 0 ? kmemctl_here.in
						       : "/dev/null",
		    O_RDONLY);
		kmemctl_redirect(
		    2, kmemctl_here.err, O_WRONLY | O_CREAT | O_TRUNC);
		if (out != NULL)
			kmemctl_redirect(1, out, O_WRONLY | O_CREAT | O_TRUNC);
		else
			close(1);
		kmemctl_exec(argv);
	}
	kmemctl_wait(pid);
	kmemctl_read(
	    kmemctl_here.err, kmemctl_got.err, sizeof(kmemctl_got.err));
}

void kmemctl_run(char **argv)
{
	kmemctl_run_to(kmemctl_here.out, argv);
	kmemctl_read(
	    kmemctl_here.out, kmemctl_got.out, sizeof(kmemctl_got.out));
}

void kmemctl_script_with(char **argv, const char *script)
{
	write_file(kmemctl_here.in, script, strlen(script));
	kmemctl_run(argv);
}

void kmemctl_script_of(const char *script, size_t len)
{
	write_file(kmemctl_here.in, script, len);
	kmemctl_run(ARGV());
}

void kmemctl_script(const char *script)
{
	kmemctl_script_of(script, strlen(script));
}
