/* SPDX-License-Identifier: ISC */
/* qm.h - the layout of a pool under the manager qm. */
#ifndef KMEM_MEM_QM_H
#define KMEM_MEM_QM_H
/*
 * qm is for finding overwrites, and for gdb.  The data of a pool is a row of
 * fragments without gaps, each a head, a payload and an end:
 *
 *   | qm_block | frag payload end | frag payload end | ... | sentinel |
 *
 * The truth is in the heads: `size` leads to the next head, `u.is_free` says
 * whether the payload is a caller's (0) or in a free list.  Ends, free lists
 * and sums can be rebuilt from a walk over the heads (qm_rebuild), which is
 * what the next holder of the lock does after a death.  So every operation
 * changes `size` and `u` in an order that keeps the walk whole:
 *
 *   split   the new head behind is complete before `size` shrinks
 *   join    `size` grows over the next head before that head is wiped
 *   alloc   all fields are complete before u.is_free becomes 0
 *   free    u.nxt_free is set first, all else follows
 *
 * Names are Kamailio's (src/core/mem/q_malloc.h), so that its published gdb
 * recipe walks the fragments: next = (char *)frag + sizeof(struct qm_frag) +
 * frag->size + sizeof(struct qm_frag_end).  The sentinel's `size` leads to
 * itself, so that the recipe ends well in a small pool too.
 *
 * Concurrency: the lock in qm_block for a shm pool; a pkg pool belongs to one
 * thread.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "mem/misuse.h"
#include "mem/pool.h"
#include "mem/view.h"

#define QM_ROUND	16u	     /* bytes; payloads are multiples of it */
#define QM_EXACT_MAX	(32u * 1024) /* bytes; up to here a list per size */
#define QM_N_EXACT	(QM_EXACT_MAX / QM_ROUND + 1)
#define QM_N_LARGE	34 /* lists for powers of two above that */
#define QM_N_LISTS	(QM_N_EXACT + QM_N_LARGE)
#define QM_N_WORDS	((QM_N_LISTS + 63) / 64)
#define QM_HEAD_CHECK	0xf0f0f0f0u /* low half of qm_frag.check */
#define QM_JOINED_CHECK 0x0f0f0f0fu
#define QM_END_CHECK1	0xc0c0c0c0u
#define QM_END_CHECK2	0xabcdefedu
#define QM_SLACK	0xc5 /* bytes of a payload behind what was requested */

struct qm_frag {
	size_t size; /* bytes of payload */
	union {
		struct qm_frag *nxt_free; /* free; QM_LIST_END: the last */
		long is_free;		  /* 0: the payload is a caller's */
	} u;
	/* Where it was allocated: texts in the pool's site table. */
	const char *file;
	const char *func;
	const char *mname;
	uint32_t line;
	uint32_t site;
	/*
	 * Bytes the caller asked for. More than `size` for a moment while the
	 * block is resized: then there is no slack to look at.
	 */
	size_t requested;
	union {
		uint32_t owner;	    /* not free: qm_owner() */
		uint32_t free_site; /* free: where that happened */
	};
	uint32_t born; /* seconds of CLOCK_BOOTTIME */
	uint64_t seq;  /* order of allocation in this pool, from 1 */
	size_t check;  /* see qm_head_check() */
};

struct qm_frag_end {
	size_t check1;
	size_t check2;
	size_t size; /* the head's, to find it from the fragment behind */
	struct qm_frag *prev_free; /* free: the one before, NULL: the first */
};

/* Ends a free list; not 0, so that u.is_free is true for the last one. */
#define QM_LIST_END ((struct qm_frag *)1)

#define QM_OVERHEAD (sizeof(struct qm_frag) + sizeof(struct qm_frag_end))

struct qm_block {
	size_t size; /* bytes from the pool's header to its end */
	struct qm_frag *first_frag;
	struct qm_frag
	    *last_frag; /* the sentinel, QM_OVERHEAD before the end */
	uint64_t seq;	/* of the last allocation */
	struct account_sums sums;
	pthread_mutex_t lock; /* shm pools */
	struct qm_frag *free_list[QM_N_LISTS];
	uint64_t not_empty[QM_N_WORDS]; /* bit: list has some */
};

_Static_assert(sizeof(struct qm_frag) % QM_ROUND == 0, "payload alignment");
_Static_assert(sizeof(struct qm_frag_end) % QM_ROUND == 0, "head alignment");

/* The pkg pool's qm_block, for gdb; NULL under another manager. */
extern struct qm_block *mem_block;

static inline struct qm_block *qm_block_of(const struct km_pool *pool)
{
	return pool_at(pool, pool->data);
}

/*
 * The head's guard: Kamailio's value in the low half, the head's own place in
 * the high one, so that an old copy of a head elsewhere is not taken for one.
 * off: bytes from the pool's header.
 */
static inline size_t qm_head_check(uint64_t off)
{
	return (size_t)((off / QM_ROUND) << 32 | QM_HEAD_CHECK);
}

/*
 * In its place when the fragment was joined with the one before: until that
 * memory is used again, whoever frees the block once more is told who has.
 */
static inline size_t qm_joined_check(uint64_t off)
{
	return (size_t)((off / QM_ROUND) << 32 | QM_JOINED_CHECK);
}

/* A slot, and enum block_state above it. */
#define QM_STATE_SHIFT 24
#define QM_SLOT_MASK   0xffffffu

static inline uint32_t qm_owner(uint32_t slot, enum block_state state)
{
	return slot | (uint32_t)state << QM_STATE_SHIFT;
}

static inline enum block_state qm_state(uint32_t owner)
{
	return (enum block_state)(owner >> QM_STATE_SHIFT);
}

static inline struct qm_frag *qm_next(const struct qm_frag *frag)
{
	return (struct qm_frag *)((uintptr_t)frag + frag->size + QM_OVERHEAD);
}

static inline struct qm_frag_end *qm_end(const struct qm_frag *frag)
{
	return (struct qm_frag_end *)((uintptr_t)frag + sizeof(struct qm_frag) +
				      frag->size);
}

static inline void *qm_payload(const struct qm_frag *frag)
{
	return (void *)((uintptr_t)frag + sizeof(struct qm_frag));
}

/* Bytes from the pool's header to the first fragment. */
static inline uint64_t qm_first_off(const struct km_pool *pool)
{
	uint64_t off = pool->data.bytes + sizeof(struct qm_block);

	return (off + QM_ROUND - 1) / QM_ROUND * QM_ROUND;
}

/* And to the sentinel. */
static inline uint64_t qm_last_off(const struct km_pool *pool)
{
	return (pool->size - QM_OVERHEAD) / QM_ROUND * QM_ROUND;
}

/* The free fragment right behind, NULL when there is none. */
struct qm_frag *qm_free_behind(
    const struct km_pool *pool, const struct qm_frag *frag);

/* Make `frag` reach over the fragment behind it, which is in no list. */
void qm_absorb_next(struct km_pool *pool, struct qm_frag *frag);

/* qm_list.c: free lists. link and unlink keep sums.free and sums.fragments. */
void qm_list_link(struct qm_block *qm, struct qm_frag *frag);
void qm_list_unlink(struct qm_block *qm, struct qm_frag *frag);
/* The smallest free fragment of at least size bytes, or NULL; not unlinked. */
struct qm_frag *qm_list_best(const struct qm_block *qm, size_t size);
/* The last list that has some, by the bits of qm_block; QM_N_LISTS: none. */
unsigned qm_list_last(const uint64_t *not_empty);

/* qm_repair.c: make ends, lists and sums anew from the heads. */
void qm_rebuild(struct km_pool *pool, struct qm_block *qm);

/* qm_find.c: whether there is a head, with a size that fits; not the sentinel.
 */
bool qm_head_is_sound(const struct km_pool *pool, const struct qm_frag *frag);

/* The fragment of a live block; NULL and what is wrong. */
struct qm_frag *qm_find(
    const struct km_pool *pool, const void *p, struct misuse *misuse);

/* qm_guard.c: what is behind the requested bytes, in this process. */
void qm_slack_fill(struct qm_frag *frag, size_t requested);
/*
 * Whether `slack` bytes and the end behind them, of a payload of `room` bytes,
 * are as they were written; *bad: how far in they are not. There are at least
 * 16 bytes from there to the end's.
 */
bool qm_guard_is_good(
    const unsigned char *guard, size_t slack, size_t room, size_t *bad);
/* Put the bytes of a guard into the evidence; at: their place in the block. */

/* qm_guard.c and qm_walk.c: see manager.h. */
int qm_inspect(
    struct view *view, const struct view_block *block, struct misuse *finding);
int qm_info(struct view *view, struct km_mem_info *info);
int qm_resync(struct view *view, struct view_walk *walk);
int qm_walk(
    struct view *view, struct view_walk *walk, struct view_block *block);

#endif
