/* SPDX-License-Identifier: ISC */
/* scan.h - every block of a pool, a slice at a time, damage or not. */
#ifndef KMEMD_SCAN_H
#define KMEMD_SCAN_H
/*
 * A scan holds what it reads on its own, so that it goes on when the worker
 * whose pool it is dies or is replaced.  Where the pool is damaged it tells so,
 * and goes on behind.  Its memory does not depend on the number of blocks.
 *
 *   do
 *           scan_begin_slice(&scan);
 *           while ((found = scan_next(&scan)) == SCAN_BLOCK || SCAN_DAMAGE)
 *                   ... scan.block, or scan.damage
 *   with others' turns in between, while found == SCAN_LATER
 *
 * Lifetime: scan_open() to scan_close(). Concurrency: one thread.
 */
#include <stdbool.h>
#include <stdint.h>

#include "mem/view.h"

struct pkgread;
struct proc;

/* Where blocks cannot be made out. */
struct scan_damage {
	uint64_t off;	/* bytes from the pool's header */
	uint64_t bytes; /* to where the scan goes on, or to the pool's end */
	/* The block before it, whose end may have been written over. */
	bool has_before;
	struct view_block before;
};

enum scan_found {
	SCAN_BLOCK,
	SCAN_DAMAGE,
	SCAN_LATER, /* the time of the slice is over */
	SCAN_END,
};

struct scan {
	struct view *view;	   /* for whoever scans */
	struct view_block block;   /* the one found last */
	struct scan_damage damage; /* the same */

	/* scan.c's own */
	struct pkgread *pkg; /* NULL: it is shm */
	struct view_walk walk;
	bool is_lost;	/* in the middle of damage */
	bool is_at_end; /* it went on to the pool's end */
	uint64_t slice_end_ns;
	unsigned until_clock; /* blocks to go before it is looked at */
};

/*
 * Of the pkg pool of a process, or of the shm pool when proc is NULL.
 * Returns 0, or < 0 as pkgread_open(): then there is nothing to close.
 */
int scan_open(struct scan *scan, const struct proc *proc);
void scan_close(struct scan *scan);

/* Begin at `from` of the pool, 0: its start; free fragments count or not. */
enum scan_what {
	SCAN_LIVE,
	SCAN_ALL,
};
void scan_start(struct scan *scan, enum scan_what what, uint64_t from);

/* Half a millisecond from now on. */
void scan_begin_slice(struct scan *scan);

/* The next one. Not to be called after SCAN_END. */
enum scan_found scan_next(struct scan *scan);

/* The time of this slice is over, as far as it is known. */
bool scan_slice_is_over(struct scan *scan);

/*
 * The memory of a program has gone with it: damage found last is none. A worker
 * may die, its pool is kept.
 */
bool scan_is_gone(const struct scan *scan);

/* Where a scan that goes on with the next block would begin. */
uint64_t scan_place(const struct scan *scan);

#endif
