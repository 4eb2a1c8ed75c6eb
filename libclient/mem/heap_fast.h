/* SPDX-License-Identifier: ISC */
/* heap_fast.h - the usual malloc and free, inline; heap.c has all the rest. */
#ifndef KMEM_MEM_HEAP_FAST_H
#define KMEM_MEM_HEAP_FAST_H
/*
 * Usual is: a slab pool that this thread has joined, a site that has its row,
 * tracing off.  `kind` is a constant where these are inlined.
 *
 * Concurrency: as mem.h and shm_mem.h say.
 */
#include "base/tune.h"
#include "mem/heap.h"
#include "mem/slab_fast.h"

/* With memdbg <= debug each call is logged. */
static inline bool heap_is_traced(void)
{
	return __builtin_expect(km_tune->memdbg <= km_tune->debug, 0);
}

/* The site's row in the pool of a participant; too large: it has none. */
static inline uint64_t heap_row(const struct slab_part *part,
    enum km_pool_kind kind, const struct km_site *site)
{
	return __atomic_load_n(&site->row[kind], __ATOMIC_RELAXED) -
	       part->generation;
}

static inline void *heap_fast_malloc(
    enum km_pool_kind kind, size_t size, struct km_site *site)
{
	struct slab_part *part = slab_mine[kind];
	uint64_t row = heap_row(part, kind, site);
	void *p;

	if (SLAB_LIKELY(row <= SLAB_SITE_MASK) && !heap_is_traced() &&
	    SLAB_LIKELY(slab_alloc(part, size, row, &p)))
		return p;
	return heap_malloc(kind, size, site);
}

static inline void heap_fast_free(
    enum km_pool_kind kind, void *p, struct km_site *site)
{
	struct slab_part *part = slab_mine[kind];
	uint64_t row = heap_row(part, kind, site);

	if (SLAB_LIKELY(row <= SLAB_SITE_MASK) && !heap_is_traced() &&
	    SLAB_LIKELY(slab_free(part, p, row)))
		return;
	heap_free(kind, p, site);
}

#endif
