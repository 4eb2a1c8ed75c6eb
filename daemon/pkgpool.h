/* SPDX-License-Identifier: ISC */
/* pkgpool.h - the pkg pools of the supervisor and of its workers. */
#ifndef KMEMD_PKGPOOL_H
#define KMEMD_PKGPOOL_H
/*
 * All are mapped at one address, pkg_base, each in its own process.  A worker
 * starts with a copy of the supervisor's: what was stored before the fork is
 * in every worker at the same pointer, and private from then on.
 * The supervisor keeps a read-only map of each, in the process table, so that
 * a view needs nothing from a worker, not even its life.
 *
 * Lifetime: pkgpool_open() to pkgpool_close(); a worker's from before its
 * fork until its row is used again.
 * Concurrency: the supervisor's one thread, but for pkgpool_enter().
 */
#include <sys/types.h>

struct proc;

/*
 * The supervisor's own, for row 0. A SysV segment is given to uid and gid, -1
 * leaves one as it is: it is mapped again later. Returns 0, or < 0 (logged).
 */
int pkgpool_open(struct proc *self, uid_t uid, gid_t gid);

/* Let go of all of them. */
void pkgpool_close(void);

/* Before a fork: a copy of the supervisor's pool. Returns 0, or < 0 (logged).
 */
int pkgpool_copy(struct proc *worker);

/* Let go of a worker's segment and maps. */
void pkgpool_drop(struct proc *worker);

/*
 * In the new worker, before any other code: its copy takes the place of the
 * supervisor's pool. Returns 0, or < 0: the worker must _exit().
 */
int pkgpool_enter(const struct proc *worker);

/* Later in the new worker: let go of the other pools. */
void pkgpool_leave(void);

#endif
