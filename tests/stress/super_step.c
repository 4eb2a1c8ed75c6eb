/* SPDX-License-Identifier: ISC */
/* super_step.c - a supervisor that goes a step at a time. */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/chunk.h"
#include "tests/stress/points_chunk.h"
#include "tests/stress/super_points.h"
#include "tests/stress/tracee.h"

#ifndef SYS_epoll_wait
#define SYS_epoll_wait SYS_epoll_pwait /* aarch64 has this one alone */
#endif

/* The instruction of a system call, as it is read with what follows. */
#if defined(__x86_64__)
#define IS_CALL(word) (((word)&0xffff) == 0x050f)
#elif defined(__aarch64__)
#define IS_CALL(word) (((word)&0xffe0001f) == 0xd4000001)
#else
#define IS_CALL(word) true /* no way to tell: calls alone */
#endif

/* ---- a tracee ----------------------------------------------------------- */

/* Instructions that have been looked at, by the last bits of where they are. */
static struct {
	uint64_t at;
	bool is_call;
} known[4096];

/* Ours of the chunk. */
static int held_chunk(void)
{
	char path[64], to[64];

	for (int fd = 3; fd < 1024; fd++) {
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, to, sizeof(to) - 1);
		to[len > 0 ? len : 0] = '\0';
		if (strstr(to, "memfd:" CHUNK_NAME) != NULL)
			return fd;
	}
	super_fail("we do not hold the chunk");
}

/*
 * As a service manager does that has kept it: to look for it at each process of
 * the machine would be most of the way, and changes nothing.
 */
static void hand_over(int fd)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_FDNAMES", CHUNK_NAME, 1);
	if (fd == 3)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, 3);
}

void super_start_tracee(char **argv)
{
	int status;

	memset(known, 0, sizeof(known));
	super.kmemd = fork();
	if (super.kmemd == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		hand_over(held_chunk());
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (super.kmemd < 0 || !tracee_wait(super.kmemd, &status) ||
	    ptrace(PTRACE_SETOPTIONS, super.kmemd, NULL,
		PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC) != 0)
		tracee_give_up("PTRACE_TRACEME");
}

void super_seize(void)
{
	int status;

	memset(known, 0, sizeof(known));
	if (ptrace(PTRACE_SEIZE, super.kmemd, NULL,
		PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC) != 0)
		tracee_give_up("PTRACE_SEIZE");
	if (ptrace(PTRACE_INTERRUPT, super.kmemd, NULL, NULL) != 0 ||
	    !tracee_wait(super.kmemd, &status))
		tracee_give_up("PTRACE_INTERRUPT");
}

/* ---- a step ------------------------------------------------------------- */

/* It goes to sleep in its loop; with something left to do it would not. */
static bool goes_to_sleep(void)
{
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, super.kmemd, (void *)sizeof(info),
		&info) <= 0)
		tracee_give_up("PTRACE_GET_SYSCALL_INFO");
	return info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	       (info.entry.nr == SYS_epoll_wait ||
		   info.entry.nr == SYS_epoll_pwait) &&
	       (int)info.entry.args[3] != 0;
}

/* False: it has ended. What wakes a sleeper may be ours to see: look at it. */
static bool wait_for_stop(const struct super_op *op, bool sleeps, int *status)
{
	if (!sleeps)
		return tracee_wait(super.kmemd, status);
	while (waitpid(super.kmemd, status, WNOHANG | __WALL) == 0) {
		if (op->is_done())
			return false;
		poll(NULL, 0, 1);
	}
	return WIFSTOPPED(*status);
}

bool super_step(const struct super_op *op, enum __ptrace_request how)
{
	const int calls = SIGTRAP | 0x80;
	int status = W_STOPCODE(0), signal = 0;
	/* Between two calls it does not sleep. */
	bool sleeps = how == PTRACE_SYSCALL && goes_to_sleep();

	if (sleeps && op->is_done())
		return false;
	for (;;) {
		if (ptrace(how, super.kmemd, NULL, (long)signal) != 0)
			tracee_give_up("ptrace");
		if (!wait_for_stop(op, sleeps, &status)) {
			if (WIFEXITED(status))
				super_fail("kmemd has ended by itself");
			return false;
		}
		signal = WSTOPSIG(status);
		if (signal == calls ||
		    (how == PTRACE_SINGLESTEP && signal == SIGTRAP))
			return true;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
			super.has_run = true;
		if (status >> 16 != 0 || signal == SIGTRAP)
			signal = 0;
	}
}

/* The next instruction is a system call. What was read is kept, for loops. */
static bool is_at_call(void)
{
	struct __ptrace_syscall_info info = { 0 };
	unsigned k;
	long word;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, super.kmemd, (void *)sizeof(info),
		&info) <= 0)
		tracee_give_up("PTRACE_GET_SYSCALL_INFO");
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		return true;
	k = (unsigned)(info.instruction_pointer % 4096);
	if (known[k].at != info.instruction_pointer) {
		word = ptrace(PTRACE_PEEKTEXT, super.kmemd,
		    (void *)(uintptr_t)info.instruction_pointer, NULL);
		known[k].at = info.instruction_pointer;
		known[k].is_call = IS_CALL(word);
	}
	return known[k].is_call;
}

unsigned super_go_on(const struct super_op *op, unsigned most, unsigned changes)
{
	unsigned n = 0;

	points_copy_changed(true);
	for (unsigned i = 0; i < most && n < changes && !is_at_call() &&
			     super_step(op, PTRACE_SINGLESTEP);
	     i++)
		n += points_copy_changed(true);
	return n;
}
