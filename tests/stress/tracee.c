/* SPDX-License-Identifier: ISC */
/* tracee.c - a process that goes a step at a time, and is killed there. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/stress/tracee.h"

void tracee_give_up(const char *what)
{
	int why = errno; /* perror() may leave another one */

	perror(what);
	exit(why == EPERM || why == ENOSYS ? TRACEE_SKIPPED : EXIT_FAILURE);
}

bool tracee_wait(pid_t pid, int *status)
{
	while (waitpid(pid, status, __WALL) != pid)
		if (errno != EINTR)
			tracee_give_up("waitpid");
	return WIFSTOPPED(*status);
}

bool tracee_step(pid_t pid, enum __ptrace_request how, int *status)
{
	/* Killed meanwhile, it is waited for as well. */
	if (ptrace(how, pid, NULL, NULL) != 0 && errno != ESRCH)
		tracee_give_up("ptrace");
	return tracee_wait(pid, status);
}

void tracee_kill(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	while (tracee_wait(pid, &status))
		;
}
