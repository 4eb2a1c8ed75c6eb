/* SPDX-License-Identifier: ISC */
/* tracee.h - a process that goes a step at a time, and is killed there. */
#ifndef TESTS_STRESS_TRACEE_H
#define TESTS_STRESS_TRACEE_H
/*
 * Lifetime: from a fork, PTRACE_TRACEME or PTRACE_SEIZE to tracee_kill(), or
 * its end. Concurrency: the one thread that traces it.
 */
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/types.h>

/* Of a program that may not trace: what TAP knows as skipped. */
#define TRACEE_SKIPPED 77

/* With errno's words; skipped when errno says that nobody may trace here. */
void tracee_give_up(const char *what) __attribute__((noreturn));

/* Until it stops, or has ended. True: it has stopped; *status as of wait(2). */
bool tracee_wait(pid_t pid, int *status);

/* To its next stop, `how` PTRACE_SINGLESTEP or PTRACE_SYSCALL. As above. */
bool tracee_step(pid_t pid, enum __ptrace_request how, int *status);

/* By SIGKILL, and it is gone from our side: its parent can reap it. */
void tracee_kill(pid_t pid);

#endif
