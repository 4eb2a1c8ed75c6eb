/* SPDX-License-Identifier: ISC */
/* service.h - kmemd as a list of phases. */
#ifndef KMEMD_SERVICE_H
#define KMEMD_SERVICE_H
/*
 * Lifetime: the process.
 * Concurrency: one thread.
 */

/* Start, serve, stop. Returns the exit status of the program. */
int service_run(int argc, char **argv);

/* In a worker, right after the fork: let go of what is the supervisor's. */
void service_leave(void);

/* In a worker that has started: whoever waits for the start is not told by it.
 */
void service_settle(void);

#endif
