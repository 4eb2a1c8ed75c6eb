/* SPDX-License-Identifier: ISC */
/* dump.h - the blocks of a pool, written to the log and returned. */
#ifndef KMEMD_METHODS_DUMP_H
#define KMEMD_METHODS_DUMP_H
/*
 * A dump needs nothing of the process whose pool it is: it has a map of its
 * own, so it goes on when that process dies or is replaced.  It is a job
 * of slices (daemon/jobs.h), so that others are answered in between, and ends
 * its call when it is done. Its memory does not depend on the pool's blocks,
 * and nothing of it is kept between pages.
 *
 * The reply holds one page of blocks:
 *
 *   pid, rank, desc, pool, manager   whose pool it is
 *   total free used real_used max_used fragments
 *   blocks   address, size, age in seconds, seq (order of allocation), owner
 *            (pid), site
 *   damage   address, bytes, before; where blocks cannot be made out, if so
 *   sums     count, size, site; largest first; on the last page
 *   dumped   blocks and bytes of all pages; on the last page
 *   exact    whether the sums, made at the end by a walk over the whole pool,
 *            saw just these blocks; else `note` says what can be relied on
 *   next     {method, params} of the next page; null on the last one
 *
 * A page costs what it holds, and the last one a walk over the pool.
 * The log gets the whole pool, once, with the first page, at level memlog.
 *
 * Concurrency: the supervisor's one thread.
 */
#include <stdint.h>

struct proc;
struct rpc_call;

#define DUMP_PAGE_BLOCKS 1000

/* Dump the pkg pool of a process, or the shm pool when proc is NULL. */
void dump_start(struct rpc_call *call, const struct proc *proc);

/*
 * A page of it. `from` and `seen` are 0 and NULL, or what "next" of the page
 * before says; a page beyond the pool is an error.
 */
void dump_page(struct rpc_call *call, const struct proc *proc, uint64_t from,
    const char *seen);

#endif
