/* SPDX-License-Identifier: ISC */
/* slab_trim.c - giving what is not in use back: to the pool, to the system. */
#include "config.h"

#include <sys/mman.h>

#include "mem/slab_part.h"
#include "mem/slab_view.h"

/*
 * While they are reserved nobody writes to them.  A kill leaves RES(dead),
 * which recovery frees.
 */
static uint64_t reserve_from(struct slab_part *part, uint64_t i, uint64_t all)
{
	uint64_t n = 0;

	while (
	    i + n < all && n < SLAB_N_MAX &&
	    slab_cas(&part->pages[i + n], SLAB_FREE, slab_res(part->slot, i)))
		n++;
	return n;
}

/* A hole in the file for shared memory; for private memory zero pages. */
static void punch(const struct slab_part *part, uint64_t i, uint64_t n)
{
	char *at = (char *)part->data + (i << SLAB_PAGE_SHIFT);
	size_t size = n << SLAB_PAGE_SHIFT;

	if (madvise(at, size, MADV_REMOVE) != 0)
		madvise(at, size, MADV_DONTNEED);
}

static void unreserve(struct slab_part *part, uint64_t i, uint64_t n)
{
	for (uint64_t k = n; k-- > 0;)
		slab_cas(
		    &part->pages[i + k], slab_res(part->slot, i), SLAB_FREE);
	for (uint64_t k = 0; k < n; k += SLAB_GROUP)
		slab_pages_hint(part, (uint32_t)(i + k));
	slab_pages_hint(part, (uint32_t)(i + n - 1));
}

size_t slab_trim(struct km_pool *pool)
{
	struct slab_part *part = slab_part_of(pool);
	uint64_t all, n, sum = 0;

	if (part == NULL)
		return 0;
	slab_take_empty(part);
	all = slab_n_pages(part->slab);
	for (uint64_t i = 0; i < all; i += n + 1) {
		n = reserve_from(part, i, all);
		if (n == 0)
			continue;
		punch(part, i, n);
		unreserve(part, i, n);
		sum += n;
	}
	return sum << SLAB_PAGE_SHIFT;
}
