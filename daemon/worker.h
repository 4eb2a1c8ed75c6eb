/* SPDX-License-Identifier: ISC */
/* worker.h - a worker process, from its fork to its exit. */
#ifndef KMEMD_WORKER_H
#define KMEMD_WORKER_H
/*
 * Lifetime: the process.
 * Concurrency: its one thread, in an event loop of its own.
 */
struct proc;

/*
 * Be this worker, with its end of the control channel. Called right after the
 * fork with all signals blocked; ends the process.
 */
_Noreturn void worker_run(const struct proc *proc, int chan_fd);

#endif
