/* SPDX-License-Identifier: ISC */
/* worker.h - a worker process, from its fork to its exit. */
#ifndef KMEMD_WORKER_H
#define KMEMD_WORKER_H
/*
 * Lifetime: the process.
 * Concurrency: its one thread, in an event loop of its own.
 */
#include <sys/types.h>

struct proc;

/*
 * Say in its slot of shm who it is. The worker itself does, of pid getpid(),
 * before anything can be in there that is to be found when its supervisor is
 * dead; and the supervisor does, so that a worker that dies at once has a name.
 */
void worker_name_slot(const struct proc *proc, pid_t pid);

/*
 * Be this worker, with its end of the control channel. Called right after the
 * fork with all signals blocked; ends the process.
 */
_Noreturn void worker_run(const struct proc *proc, int chan_fd);

#endif
