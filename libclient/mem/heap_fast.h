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
#include "mem/heap.h"
#include "mem/slab_fast.h"

/* The site's row in the pool of a participant; too large: it has none. */
static inline uint64_t heap_row(const struct slab_part *part,
    enum km_pool_kind kind, const struct km_site *site)
{
	return __atomic_load_n(&site->row[kind], __ATOMIC_RELAXED) -
	       part->generation;
}

/* True and *p, or false: ask heap_malloc(). */
static inline bool heap_fast_malloc(
    enum km_pool_kind kind, size_t size, const struct km_site *site, void **p)
{
	struct slab_part *part = slab_mine[kind];
	uint64_t row = heap_row(part, kind, site);
	uint64_t marks = row | clock_load();

	return SLAB_LIKELY((marks & CLOCK_QUIET) != 0) &&
	       SLAB_LIKELY(row <= SLAB_SITE_MASK) &&
	       SLAB_LIKELY(slab_alloc(part, size, marks, p));
}

/* False: ask heap_free(). */
static inline bool heap_fast_free(
    enum km_pool_kind kind, void *p, const struct km_site *site)
{
	struct slab_part *part = slab_mine[kind];
	uint64_t row = heap_row(part, kind, site);

	return SLAB_LIKELY(clock_is_quiet()) &&
	       SLAB_LIKELY(row <= SLAB_SITE_MASK) &&
	       SLAB_LIKELY(slab_free(part, p, row));
}

#endif
