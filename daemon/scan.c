/* SPDX-License-Identifier: ISC */
/* scan.c - every block of a pool, a slice at a time, damage or not. */
#include "config.h"

#include <time.h>

#include "base/err.h"
#include "daemon/chunk.h"
#include "daemon/pkgread.h"
#include "daemon/proc.h"
#include "daemon/scan.h"

#define SLICE_NS     500000 /* others wait that long for their turn */
#define CLOCK_BLOCKS 16	    /* between two looks at the clock: a few us */
#define PATIENCE     1000   /* fragments without a block: 100 us */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int open_pkg(struct scan *scan, const struct proc *proc)
{
	int rc = pkgread_open(&scan->pkg, proc);

	if (rc == 0)
		scan->view = pkgread_view(scan->pkg);
	return rc;
}

int scan_open(struct scan *scan, const struct proc *proc)
{
	int rc = -KM_EREADY;

	*scan = (struct scan){ 0 };
	if (proc != NULL)
		rc = open_pkg(scan, proc);
	else if (chunk_pool() != NULL)
		rc = view_open_map(chunk_pool(), chunk_size(), &scan->view);
	if (rc != 0)
		scan_close(scan);
	else
		scan_start(scan, SCAN_LIVE, 0);
	return rc;
}

void scan_close(struct scan *scan)
{
	if (scan->pkg != NULL)
		pkgread_close(&scan->pkg);
	else if (scan->view != NULL)
		view_close(&scan->view);
	scan->view = NULL;
}

void scan_start(struct scan *scan, enum scan_what what, uint64_t from)
{
	scan->walk = (struct view_walk){
		.next = from,
		.reported = from,
		.with_free = what == SCAN_ALL,
		.patience = PATIENCE,
	};
	scan->block = (struct view_block){ 0 };
	scan->is_lost = scan->is_at_end = false;
}

void scan_begin_slice(struct scan *scan)
{
	scan->slice_end_ns = now_ns() + SLICE_NS;
	scan->until_clock = CLOCK_BLOCKS;
}

bool scan_slice_is_over(struct scan *scan)
{
	if (scan->until_clock-- > 0)
		return false;
	scan->until_clock = CLOCK_BLOCKS;
	return now_ns() >= scan->slice_end_ns;
}

/* The walk cannot go on; what is lost is known when it can again. */
static void get_lost(struct scan *scan)
{
	uint64_t off = scan->walk.next;

	/* It may have stepped back; what is before has been reported. */
	if (off < scan->walk.reported)
		off = scan->walk.reported;
	scan->is_lost = true;
	scan->damage = (struct scan_damage){
		.off = off,
		.has_before = scan->block.addr != 0,
		.before = scan->block,
	};
}

/* The end of the damage: returns false when that is not yet known. */
static bool find_back(struct scan *scan)
{
	int rc = view_resync(scan->view, &scan->walk);
	uint64_t end = view_header(scan->view)->size;

	if (rc == -KM_EBUSY)
		return false;
	if (rc == 0)
		scan->walk.next = end;
	scan->is_at_end = rc == 0;
	scan->is_lost = false;
	scan->damage.bytes = scan->walk.next - scan->damage.off;
	return true;
}

enum scan_found scan_next(struct scan *scan)
{
	int rc;

	if (scan->is_at_end)
		return SCAN_END;
	while (!scan_slice_is_over(scan)) {
		if (scan->is_lost) {
			scan->until_clock = 0;
			if (find_back(scan))
				return SCAN_DAMAGE;
			continue;
		}
		rc = view_next(scan->view, &scan->walk, &scan->block);
		if (rc == 1)
			return SCAN_BLOCK;
		if (rc == 0)
			return SCAN_END;
		scan->until_clock = 0;
		if (rc != -KM_EBUSY)
			get_lost(scan);
	}
	return SCAN_LATER;
}

bool scan_is_gone(const struct scan *scan)
{
	return scan->pkg != NULL && pkgread_is_gone(scan->pkg);
}

uint64_t scan_place(const struct scan *scan)
{
	return scan->walk.next;
}
