/* SPDX-License-Identifier: ISC */
/* slab_old.c - giving back, by and by, what has not been used for a while. */
#include "config.h"

#include <sys/mman.h>

#include "mem/slab_part.h"
#include "mem/slab_view.h"

/*
 * What each page looked like at the last look, as a byte: one that is free, or
 * the first of a span without a live block, and looks the same at the next one
 * is old.  A byte may deceive: then something is given back too soon, which is
 * only a matter of speed.
 */
#define IN_USE	 0u
#define IS_FREE	 1u
#define IS_EMPTY 129u
#define SHADES	 126u /* of either */

static struct {
	uint8_t *seen; /* of max_pages */
	uint64_t size;
	uint64_t next; /* page */
	uint32_t generation;
} last;

static bool begin(const struct slab_part *part)
{
	if (last.generation == part->pool->generation)
		return true;
	if (last.seen != NULL)
		munmap(last.seen, last.size);
	last.generation = 0;
	last.next = 0;
	last.size = part->slab->max_pages;
	last.seen = mmap(NULL, last.size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (last.seen == MAP_FAILED) {
		last.seen = NULL;
		return false;
	}
	last.generation = part->pool->generation;
	return true;
}

static uint8_t look(const struct slab_part *part, const struct slab_page *page)
{
	uint64_t word = slab_load(page);
	uint64_t was = __atomic_load_n(&page->was, __ATOMIC_RELAXED);
	uint64_t shade = (word ^ was) * 0x9e3779b97f4a7c15;

	shade = (shade >> 32) % SHADES;
	switch (slab_kind(word)) {
	case SLAB_FREE:
		return (uint8_t)(IS_FREE + shade);
	case SLAB_SPAN:
	case SLAB_ABAND:
		return slab_span_is_empty(part, page)
			   ? (uint8_t)(IS_EMPTY + shade)
			   : IN_USE;
	default:
		return IN_USE;
	}
}

/* The kind of an old page; IN_USE: it is not. */
static unsigned look_again(struct slab_part *part, uint64_t i)
{
	uint8_t now = look(part, &part->pages[i]), before = last.seen[i];

	last.seen[i] = now;
	if (now == IN_USE || now != before)
		return IN_USE;
	return now >= IS_EMPTY ? IS_EMPTY : IS_FREE;
}

size_t slab_trim_old(struct km_pool *pool, unsigned parts)
{
	struct slab_part *part = slab_part_of(pool);
	uint64_t all, i, end, from;
	size_t sum = 0;
	unsigned is;

	if (part == NULL || !begin(part))
		return 0;
	all = slab_n_pages(part->slab);
	from = last.next < all ? last.next : 0;
	end = from + (all + parts - 1) / parts;
	end = end < all ? end : all;
	for (i = slab_next_page(part, from); i < end;
	     i = slab_next_page(part, i + 1)) {
		is = look_again(part, i);
		if (is == IS_FREE)
			continue;
		sum += slab_trim_pages(part, from, i);
		from = i + 1;
		if (is == IS_EMPTY)
			slab_give_back(part, &part->pages[i]);
	}
	sum += slab_trim_pages(part, from, end);
	last.next = end;
	return sum;
}
