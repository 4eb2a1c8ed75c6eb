/* SPDX-License-Identifier: ISC */
/* super.h - the supervisor: starts workers, replaces the dead, stops all. */
#ifndef KMEMD_SUPER_H
#define KMEMD_SUPER_H
/*
 * Lifetime: super_init() to super_fini(), one per program.
 * Concurrency: the supervisor's one thread; it sleeps in its event loop alone.
 */
#include <stdbool.h>

struct event_base;

/* Make the event loop and watch signals. Returns 0, or -KM_ENOMEM. */
int super_init(void);
void super_fini(void);

/*
 * In a worker, right after the fork: super_unshare() first of all, since what
 * happens to the loop would happen to the supervisor's.  The loop itself stays
 * to the end, for events that modules have made in the supervisor.
 */
void super_unshare(void);
void super_leave(void);

/* The supervisor's event loop. Borrowed. */
struct event_base *super_base(void);

/*
 * Launch all workers and wait until each is ready. Returns 0; or < 0 when one
 * died, was not ready in time, or we were told to stop (logged): then all of
 * them have gone. In a worker it does not return.
 */
int super_start_workers(void);

/* Serve until told to stop, and all workers have gone. */
void super_loop(void);

/*
 * Begin to stop: no new calls, workers are told. The second time they are
 * killed. Returns at once; super_loop() returns when it is done.
 */
void super_stop(void);

/* Whether super_stop() was called. */
bool super_is_stopping(void);

/* Reopen log files here and in all workers. */
void super_reopen_logs(void);

#endif
