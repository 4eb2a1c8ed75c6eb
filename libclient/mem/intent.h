/* SPDX-License-Identifier: ISC */
/* intent.h - what a participant is publishing, so that a kill undoes it. */
#ifndef KMEM_MEM_INTENT_H
#define KMEM_MEM_INTENT_H
/*
 * A participant has one intent at a time, in its slot: what it does, with which
 * block and which pointer of the pool.  The intent is open before the block is
 * live; the block's state (PENDING, FREEING) and the pointer say how far it
 * came.  README.md has the stores, one by one.
 *
 * While a block is freed through a pointer, that pointer is a mark: the block's
 * address with bit 0 set and the freeing slot in its upper bits.  Who looks at
 * it meanwhile, sees NULL (intent_get).
 *
 * Concurrency: the participant; when it is dead, whoever recovers it, one at a
 * time.
 */
#include <stddef.h>
#include <stdint.h>

#include "mem/pool.h"
#include "mem/site.h"

enum intent_op {
	INTENT_NONE,
	INTENT_MALLOC_TO,
	INTENT_FREE_FROM,
	INTENT_OP__COUNT
};

/* Fills a block that nobody else can see yet. */
typedef void intent_fill(void *p, void *arg);

/*
 * Allocate, fill (NULL: with zeros) and store into *where, which is NULL, as
 * one step. Returns 0 and *p; -KM_EEXIST: *where is not NULL; -KM_EINVAL: it is
 * not in the pool; -KM_EBUSY: this participant is in the middle of another one;
 * -KM_EREADY: no pool; -KM_EFULL: no slot; -KM_ENOMEM.
 */
int intent_malloc_to(void **where, size_t size, struct km_site *site,
    intent_fill *fill, void *arg, void **p);

/*
 * Take the block out of *where and free it, as one step. Returns 0; -KM_ENOENT:
 * *where is NULL, or somebody else frees it; -KM_EINVAL: where is not in the
 * pool, or *where is no block; -KM_EBUSY, -KM_EREADY, -KM_EFULL as above.
 */
int intent_free_from(void **where, struct km_site *site);

/* What *where is; a mark is NULL. */
void *intent_get(void *const *where);

/* The participant of this slot is dead: complete or undo. May be run again. */
void intent_settle(struct km_pool *pool, uint32_t slot);

#endif
