/* SPDX-License-Identifier: ISC */
/* super_worker.h - the supervisor's hold on its workers. */
#ifndef KMEMD_SUPER_WORKER_H
#define KMEMD_SUPER_WORKER_H
/*
 * For super*.c alone.  Each worker's state is its row in the process table;
 * here are the handles: pidfd, control channel, timer.
 *
 *   NONE ---launch--> STARTING ---ready--> READY ---stop--> STOPPING
 *                        |                   |                 |
 *                        +-------death-------+------death------+--> DEAD
 *   DEAD --pause, launch--> STARTING
 *
 * Lifetime: super_workers_init() to super_workers_fini().
 * Concurrency: the supervisor's one thread.
 */
#include <stdbool.h>

struct event_base;
struct proc;

struct super_worker_ops {
	void (*ready)(const struct proc *proc);
	/* Its row says how it died. The answer: replace it? */
	bool (*died)(const struct proc *proc);
};

/* For all rows of the process table but the first. 0, or -KM_ENOMEM. */
int super_workers_init(
    struct event_base *base, const struct super_worker_ops *ops);

/* Forget all. No process is ended by this. */
void super_workers_fini(void);

/*
 * Launch those that were never launched and those whose pause is over. To be
 * called outside of the event loop: the children must not be inside it.
 * Returns 0, or < 0: one could not be launched (logged; it is tried again
 * after a pause).
 */
int super_workers_launch(void);

/* Tell all to stop; none is replaced from now on. */
void super_workers_stop(void);

/* SIGKILL to all that live. */
void super_workers_kill(void);

/* Have them reopen their logs. */
void super_workers_reopen_logs(void);

/* How many live, and how many of these are ready. */
unsigned super_workers_alive(void);
unsigned super_workers_ready(void);

#endif
