/* SPDX-License-Identifier: ISC */
/* daemonize.c - to the background, with an answer to whoever started us. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/daemonize.h"

#define LOOK_MS	    100	 /* how often the parent looks whether it lives */
#define REASON_SIZE 8192 /* bytes that the parent keeps of what it is told */

static struct {
	int fd;	     /* child: write end of the pipe; parent: its read end */
	pid_t child; /* parent: the service */
} state = { .fd = -1 };

/* What the child says: lines of text, and a NUL byte when it answers. */
struct reason {
	char text[REASON_SIZE];
	size_t len;
	bool is_ready;
};

static void become_daemon(void)
{
	setsid();
	/* The parent may be killed while it waits for our word. */
	signal(SIGPIPE, SIG_IGN);
	if (chdir("/") != 0)
		LM_WARN("cannot go to /: %m");
}

int daemonize_fork(void)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		LM_ERR("cannot make a pipe: %m");
		return -KM_ESYS;
	}
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		LM_ERR("cannot fork: %m");
		close(ends[0]);
		close(ends[1]);
		return -KM_ESYS;
	}
	state.fd = ends[pid == 0 ? 1 : 0];
	close(ends[pid == 0 ? 0 : 1]);
	state.child = pid;
	if (pid == 0)
		become_daemon();
	return pid == 0 ? DAEMONIZE_CHILD : DAEMONIZE_PARENT;
}

/* Take what is there. Returns false at the end of the pipe, or when ready. */
static bool read_some(struct reason *reason)
{
	char buf[512];
	ssize_t n = read(state.fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\0')
			reason->is_ready = true;
		else if (reason->len < sizeof(reason->text) - 1)
			reason->text[reason->len++] = buf[i];
	}
	return n > 0 && !reason->is_ready;
}

/*
 * Until the child is ready, closes the pipe or dies. Workers that outlive it
 * for a moment may hold the pipe open, so look for the child itself as well.
 * Returns whether it was reaped, and *status.
 */
static bool listen_to_child(struct reason *reason, int *status)
{
	struct pollfd pipe_end = { .fd = state.fd, .events = POLLIN };

	fcntl(state.fd, F_SETFL, O_NONBLOCK);
	for (;;) {
		int n = poll(&pipe_end, 1, LOOK_MS);

		if (n > 0 && !read_some(reason))
			return false;
		if (n == 0) {
			pid_t gone = waitpid(state.child, status, WNOHANG);

			if (gone != 0)
				return gone == state.child;
		}
	}
}

/* How the child ended, for one that gave no reason. */
static void print_end(int status)
{
	if (WIFSIGNALED(status))
		fprintf(stderr,
		    "kmemd: did not start: killed by signal %d (%s)\n",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		fprintf(stderr,
		    "kmemd: did not start: exit status %d, see the log\n",
		    WEXITSTATUS(status));
}

int daemonize_wait(void)
{
	struct reason reason = { .len = 0 };
	int status = 0;
	bool is_reaped = listen_to_child(&reason, &status);

	close(state.fd);
	state.fd = -1;
	if (reason.is_ready)
		return 0;
	if (reason.len > 0)
		fprintf(stderr, "%.*s", (int)reason.len, reason.text);
	else if (is_reaped || waitpid(state.child, &status, 0) == state.child)
		print_end(status);
	else
		fprintf(stderr, "kmemd: did not start\n");
	return 1;
}

int daemonize_fd(void)
{
	return state.child == 0 ? state.fd : -1;
}

static void drop_streams(enum daemonize_stderr keep)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		LM_WARN("cannot open /dev/null: %m");
		return;
	}
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	if (keep == DAEMONIZE_DROP_STDERR)
		dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static void close_pipe(void)
{
	close(state.fd);
	state.fd = -1;
}

void daemonize_ready(enum daemonize_stderr keep)
{
	if (daemonize_fd() < 0)
		return;
	drop_streams(keep);
	if (write(state.fd, "", 1) != 1)
		LM_WARN("whoever started kmemd is gone: %m");
	close_pipe();
}

void daemonize_settle(enum daemonize_stderr keep)
{
	if (daemonize_fd() < 0)
		return;
	drop_streams(keep);
	close_pipe();
}
