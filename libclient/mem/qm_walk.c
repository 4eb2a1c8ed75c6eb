/* SPDX-License-Identifier: ISC */
/* qm_walk.c - walking the fragments of somebody's pool through a view. */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "mem/qm.h"

#define INFO_TRIES 1000	  /* a writer is between two stores that often: never */
#define LIST_MAX   100000 /* fragments of a list that are looked at */

/*
 * A fragment that was joined with its neighbour while we came leads us into a
 * payload; the head's guard tells, and we step back and come again. So many
 * times at one place, and it is damage.
 */
#define RETRIES_MAX  10000
#define RESTARTS_MAX 3

/*
 * Twice, since its owner may be changing it: what reads the same twice
 * belongs together.
 */
static int read_frag(struct view *view, uint64_t off, struct qm_frag *frag)
{
	struct qm_frag again;
	int rc;

	rc = view_read(view, off, frag, sizeof(*frag));
	if (rc == 0)
		rc = view_read(view, off, &again, sizeof(again));
	if (rc == 0 && memcmp(frag, &again, sizeof(again)) != 0)
		rc = -KM_EBUSY;
	return rc;
}

static bool is_sound(const struct qm_frag *frag, uint64_t off, uint64_t last)
{
	return frag->check == qm_head_check(off) &&
	       frag->size % QM_ROUND == 0 && off + QM_OVERHEAD <= last &&
	       frag->size <= last - off - QM_OVERHEAD;
}

/*
 * One sound place further back at each retry; then, if need be, from the start.
 * That is a long way in a large pool, so it is not done for every retry: what
 * was found sound on the way is the place to step back to from then on.
 */
static void step_back(struct view_walk *walk, uint64_t first)
{
	uint64_t start = walk->floor > first ? walk->floor : first;
	uint64_t n = walk->n_good < VIEW_N_GOOD ? walk->n_good : VIEW_N_GOOD;
	uint64_t back = walk->retries++ % (VIEW_N_GOOD + 1);

	if (back >= n && walk->restarts < RESTARTS_MAX) {
		walk->restarts++;
		walk->n_good = n = 0;
	}
	if (n == 0)
		walk->next = start;
	else
		walk->next =
		    walk->good[(walk->n_good - 1 - back % n) % VIEW_N_GOOD];
}

/* Keep it as a place to step back to, unless one further on is known. */
static void note_good(struct view_walk *walk, uint64_t off)
{
	if (walk->n_good > 0 &&
	    walk->good[(walk->n_good - 1) % VIEW_N_GOOD] >= off)
		return;
	walk->good[walk->n_good++ % VIEW_N_GOOD] = off;
}

static void fill(struct view *view, struct view_block *block, uint64_t off,
    const struct qm_frag *frag)
{
	const struct km_pool *pool = view_header(view);

	*block = (struct view_block){
		.addr = pool->base + off + sizeof(*frag),
		.room = frag->size,
		.is_free = frag->u.is_free != 0,
	};
	if (block->is_free)
		return;
	block->size =
	    frag->requested < frag->size ? frag->requested : frag->size;
	block->seq = frag->seq;
	block->site = frag->site;
	block->owner = frag->owner & QM_SLOT_MASK;
	block->state = qm_state(frag->owner);
	if (view_now(view) > frag->born)
		block->age = view_now(view) - frag->born;
}

/* Reads the fragment at walk->next and goes on to the one behind it. */
static int step(struct view *view, struct view_walk *walk, uint64_t last,
    struct qm_frag *frag)
{
	uint64_t off = walk->next;
	int rc = read_frag(view, off, frag);

	if (rc == -KM_ERANGE)
		return -KM_ECORRUPT;
	if (rc != 0 || !is_sound(frag, off, last))
		return -KM_EBUSY;
	walk->next = off + QM_OVERHEAD + frag->size;
	note_good(walk, off);
	if (off < walk->reported)
		return 0;
	walk->reported = off + 1;
	walk->retries = 0;
	walk->restarts = 0;
	return 1;
}

int qm_walk(struct view *view, struct view_walk *walk, struct view_block *block)
{
	uint64_t first = qm_first_off(view_header(view));
	uint64_t last = qm_last_off(view_header(view));
	uint32_t steps = 0;
	struct qm_frag frag;

	if (walk->next == 0)
		walk->next = first;
	while (walk->next < last) {
		uint64_t off = walk->next;
		int rc;

		if (walk->patience > 0 && steps++ == walk->patience)
			return -KM_EBUSY;
		rc = step(view, walk, last, &frag);
		if (rc == -KM_ECORRUPT)
			return rc;
		if (rc == -KM_EBUSY) {
			if (walk->retries >= RETRIES_MAX)
				return -KM_ECORRUPT;
			step_back(walk, first);
			continue;
		}
		if (rc == 0 || (frag.u.is_free != 0 && !walk->with_free))
			continue;
		fill(view, block, off, &frag);
		return 1;
	}
	return 0;
}

/* ---- accounts ----------------------------------------------------------- */

static uint64_t off_in_block(const struct view *view, size_t member)
{
	return view_header(view)->data.bytes + member;
}

/* The head of the last list with fragments, the one of the largest. */
static uint64_t last_list(struct view *view)
{
	uint64_t not_empty[QM_N_WORDS], first = 0;
	unsigned list;

	if (view_read(view,
		off_in_block(view, offsetof(struct qm_block, not_empty)),
		not_empty, sizeof(not_empty)) != 0)
		return 0;
	list = qm_list_last(not_empty);
	if (list < QM_N_LISTS)
		view_read(view,
		    off_in_block(view, offsetof(struct qm_block, free_list)) +
			list * sizeof(first),
		    &first, sizeof(first));
	return first;
}

/*
 * The largest free fragment.  While its owner changes the pool the list may
 * lead astray: what is no free fragment ends it, and so may some be missed.
 */
static size_t largest(struct view *view)
{
	uint64_t base = view_header(view)->base;
	uint64_t last = qm_last_off(view_header(view));
	uint64_t at = last_list(view);
	size_t size = 0;
	struct qm_frag frag;

	for (int i = 0; i < LIST_MAX; i++) {
		if (view_read(view, at - base, &frag, sizeof(frag)) != 0 ||
		    !is_sound(&frag, at - base, last) || frag.u.is_free == 0)
			break;
		if (frag.size > size)
			size = frag.size;
		at = (uintptr_t)frag.u.nxt_free;
	}
	return size;
}

/* The sums of one moment, as the latch has them. */
static int load_sums(struct view *view, struct km_mem_info *info)
{
	uint64_t off = offsetof(struct km_pool, account);
	struct account account;
	uint64_t seq;

	for (int i = 0; i < INFO_TRIES; i++) {
		if (view_read(view, off, &account, sizeof(account)) != 0 ||
		    view_read(view, off, &seq, sizeof(seq)) != 0)
			return -KM_ECORRUPT;
		if (seq != account.seq)
			continue;
		account_info(
		    &account.copy[seq & 1], view_header(view)->size, info);
		return 0;
	}
	return -KM_EBUSY;
}

int qm_info(struct view *view, struct km_mem_info *info)
{
	int rc = load_sums(view, info);

	if (rc == 0)
		info->largest = largest(view);
	return rc;
}

/* ---- going on behind damage --------------------------------------------- */

#define SCAN_SIZE   4096	     /* bytes read at a time */
#define RESYNC_SIZE (16 * SCAN_SIZE) /* and in one call of the impatient */

/* Whether the piece of the pool at `off` has a head's guard at `at`. */
static bool may_be_head(const char *piece, size_t at, uint64_t off)
{
	size_t check;

	memcpy(&check, piece + at + offsetof(struct qm_frag, check),
	    sizeof(check));
	return check == qm_head_check(off + at);
}

/*
 * A head's guard holds its own place, so one that fits is a head, or was one
 * until it was joined; a wrong step is undone by the walk.
 */
int qm_resync(struct view *view, struct view_walk *walk)
{
	uint64_t last = qm_last_off(view_header(view));
	char piece[SCAN_SIZE + sizeof(struct qm_frag)];
	struct qm_frag frag;
	uint64_t off, end = last;

	walk->n_good = 0;
	walk->retries = 0;
	walk->restarts = 0;
	off = walk->reported / QM_ROUND * QM_ROUND + QM_ROUND;
	if (walk->patience > 0 && last > off + RESYNC_SIZE)
		end = off + RESYNC_SIZE;
	for (; off < end; off += SCAN_SIZE) {
		size_t len = last + sizeof(frag) - off < sizeof(piece)
				 ? last + sizeof(frag) - off
				 : sizeof(piece);

		if (view_read(view, off, piece, len) != 0)
			return 0;
		for (size_t at = 0; at + sizeof(frag) <= len &&
				    at < SCAN_SIZE && off + at < last;
		     at += QM_ROUND) {
			if (!may_be_head(piece, at, off) ||
			    read_frag(view, off + at, &frag) != 0 ||
			    !is_sound(&frag, off + at, last))
				continue;
			walk->next = walk->reported = off + at;
			walk->floor = off + at;
			return 1;
		}
	}
	if (off >= last)
		return 0;
	walk->reported = off - QM_ROUND; /* the next look begins at off */
	return -KM_EBUSY;
}
