/* SPDX-License-Identifier: ISC */
/* slab_guard.h - a guard behind each block, to find who writes too far. */
#ifndef KMEM_MEM_SLAB_GUARD_H
#define KMEM_MEM_SLAB_GUARD_H
/*
 * In a pool made with it, what is asked for is followed by SLAB_GUARD_SIZE
 * known bytes, which free, realloc and mem.check look at.  A run of pages has
 * as many of them as its last page has room for: none if it is whole pages.
 *
 * They are written before the block is live and never again, so a live block
 * whose guard is wrong was written over; for that, such a pool resizes nothing
 * in place.  It has no fast paths.
 *
 * Concurrency: the guard of a block belongs to whoever has the block.
 */
#include <stdbool.h>
#include <stddef.h>

#include "mem/misuse.h"
#include "mem/slab_part.h"

#define SLAB_GUARD_SIZE 8u /* bytes */

/* Bytes of the block that a request needs. */
static inline size_t slab_guarded(const struct slab_part *part, size_t size)
{
	return size + (part->has_guard ? SLAB_GUARD_SIZE : 0);
}

/* Behind a block of `room` bytes of which size were asked for. */
void slab_guard_put(
    const struct slab_part *part, void *p, size_t size, size_t room);

/* Returns 0, or -KM_EINVAL and the evidence in *misuse. */
int slab_guard_check(const struct slab_part *part, const void *p, size_t size,
    size_t room, struct misuse *misuse);

/* Whether n bytes of a guard, at most all, are as they were written. */
bool slab_guard_is_good(const void *guard, size_t n);

/* How many bytes of a guard fit. */
size_t slab_guard_size(size_t size, size_t room);

#endif
