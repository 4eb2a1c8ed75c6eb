/* SPDX-License-Identifier: ISC */
/* slab_grow.c - a pool becomes larger, live: two words, nobody remaps. */
#include "config.h"

#include "mem/slab_part.h"
#include "mem/slab_view.h"

/*
 * All who use the pool have mapped its largest size, and the page table has
 * rows for it: zero memory, so free pages.  n_pages is the truth; a kill right
 * behind its CAS leaves a pool->size that is too small, which readers of slab
 * do not rely on, and which the next one to grow, or recovery, puts right.
 */
#define SHARE	 8u   /* of its size that a pool grows by, of itself */
#define STEP_MIN 256u /* pages: it grows seldom, so tags lie in few places */

void slab_settle_size(struct km_pool *pool)
{
	struct slab *slab = slab_of(pool);
	uint64_t size = __atomic_load_n(&pool->size, __ATOMIC_RELAXED), to;

	do {
		to = slab->data.bytes + (slab_n_pages(slab) << SLAB_PAGE_SHIFT);
	} while (
	    size < to && !__atomic_compare_exchange_n(&pool->size, &size, to,
			     false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

/* From so many pages to so many, unless others have been faster. */
static bool grow(struct slab_part *part, uint64_t from, uint64_t to)
{
	/* Up before the pages are there: then no kill can leave them down. */
	for (uint64_t i = from; i < to; i += SLAB_GROUP)
		slab_pages_hint(part, (uint32_t)i);
	slab_pages_hint(part, (uint32_t)(to - 1));
	if (!__atomic_compare_exchange_n(&part->slab->n_pages, &from, to, false,
		__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	/* Of the group that reaches over the old end: some look at it now. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	slab_pages_hint(part, (uint32_t)from);
	slab_settle_size(part->pool);
	return true;
}

/* Free pages at the end, as far as `most` of them. */
static uint64_t free_at_end(
    const struct slab_part *part, uint64_t all, uint64_t most)
{
	uint64_t n = 0;

	while (n < most && n < all &&
	       slab_load(&part->pages[all - 1 - n]) == SLAB_FREE)
		n++;
	return n;
}

bool slab_grow(struct slab_part *part, uint64_t pages)
{
	uint64_t all = slab_n_pages(part->slab);
	uint64_t rest = part->slab->max_pages - all;
	uint64_t step = all / SHARE > STEP_MIN ? all / SHARE : STEP_MIN;

	if (rest == 0 || pages > rest + free_at_end(part, all, pages))
		return false;
	if (step < pages)
		step = pages;
	grow(part, all, all + (step < rest ? step : rest));
	return true;
}

int slab_grow_by(struct km_pool *pool, size_t bytes)
{
	struct slab_part *part = slab_part_of(pool);
	uint64_t n = (bytes + SLAB_PAGE - 1) >> SLAB_PAGE_SHIFT, all;

	if (part == NULL)
		return -KM_ENOMEM;
	do {
		all = slab_n_pages(part->slab);
		if (n > part->slab->max_pages - all)
			return -KM_EFULL;
	} while (!grow(part, all, all + n));
	return 0;
}
