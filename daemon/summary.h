/* SPDX-License-Identifier: ISC */
/* summary.h - the status of this process's pools, to the log. */
#ifndef KMEMD_SUMMARY_H
#define KMEMD_SUMMARY_H
/*
 * Concurrency: the process's one thread, from its event loop.
 */

/* Write what the parameter mem_summary asks for, at level memlog. */
void summary_log(void);

/*
 * The same in the supervisor, a slice at a time, as others must be answered
 * meanwhile. When one is under way, another one follows.
 */
void summary_start(void);

/* Before the event loop goes: drop the one that is under way. */
void summary_drop(void);

/* The same, of the pool that this process has for itself. */
void summary_log_pkg(void);

#endif
