/* SPDX-License-Identifier: ISC */
/* slab_class.c - the sizes of blocks, and how a span of each is cut. */
#include "config.h"

#include <limits.h>
#include <pthread.h>

#include "mem/slab.h"

#define FINE_MAX     256u  /* bytes; up to here a class per SLAB_GRAIN */
#define PER_DOUBLING 8u	   /* classes from there on */
#define PAGES_MAX    16u   /* of a span */
#define WASTE	     16u   /* at most 1/16 of a span is behind its last block */
#define FEW_MAX	     8192u /* bytes; up to here at least BLOCKS_MIN blocks */
#define BLOCKS_MIN   4u
#define BLOCKS_FEW   2u
#define PAGE_COST    200u /* see cost_of() */
#define LINE_MIN     512u /* bytes; larger blocks are multiples of LINE, so */
#define LINE	     64u  /* that they begin with a cache line */
#define DEPTH_BYTES                                                            \
	524288u		/* free blocks that a stack may hide from others       \
			 */
#define DEPTH_SHARE 64u /* and of a pool at most one part of so many */
#define DEPTH_MAX   64u /* measured: 16 to 128 are equal, 8 is slower */
#define DEPTH_MIN   4u

_Static_assert(PAGES_MAX - 1 <= SLAB_GUESS_BACK, "the way back to the head");

struct slab_class slab_class[SLAB_N_CLASSES];
uint8_t slab_class_of[SLAB_MAX / SLAB_GRAIN + 1];

static pthread_once_t once = PTHREAD_ONCE_INIT;

static unsigned units_for(unsigned n_blocks)
{
	return (unsigned)((n_blocks * sizeof(uint64_t) + SLAB_UNIT - 1) /
			  SLAB_UNIT);
}

/*
 * Of a span of n pages, for 10,000 bytes of its blocks: what is behind the last
 * one, and its tags; and PAGE_COST for each page, since the first span of a
 * class may stay nearly empty.  UINT_MAX: it will not do.
 */
static unsigned cost_of(uint32_t size, unsigned n)
{
	unsigned bytes = n * (unsigned)SLAB_PAGE, blocks = bytes / size;
	unsigned few = size <= FEW_MAX ? BLOCKS_MIN : BLOCKS_FEW;
	unsigned lost = bytes % size + units_for(blocks) * SLAB_UNIT;

	if (blocks < few || bytes % size > bytes / WASTE)
		return UINT_MAX;
	return lost * 10000 / (blocks * size) + n * PAGE_COST;
}

static unsigned pages_for(uint32_t size)
{
	unsigned best = size <= FINE_MAX ? 1 : PAGES_MAX;

	for (unsigned n = best; n > 0; n--)
		if (cost_of(size, n) <= cost_of(size, best))
			best = n;
	return best;
}

static unsigned least_cost(uint32_t size)
{
	return cost_of(size, pages_for(size));
}

/*
 * Of sizes from this one down to half a step lower, that which goes into pages
 * best.
 */
static uint32_t fitted(uint32_t size, uint32_t step)
{
	uint32_t grain = size <= LINE_MIN ? SLAB_GRAIN : LINE, best = size;

	if ((size & (size - 1)) == 0)
		return size;
	for (uint32_t s = size - grain; s > size - step / 2; s -= grain)
		if (least_cost(s) < least_cost(best))
			best = s;
	return best;
}

static uint8_t shift_for(unsigned n_blocks)
{
	uint8_t shift = 0;

	while ((n_blocks - 1) >> shift >= SLAB_N_HINTS)
		shift++;
	return shift;
}

static uint8_t depth_for(uint32_t size)
{
	uint32_t depth = DEPTH_BYTES / size;

	if (depth > DEPTH_MAX)
		depth = DEPTH_MAX;
	return (uint8_t)(depth < DEPTH_MIN ? DEPTH_MIN : depth);
}

static void class_init(struct slab_class *c, uint32_t size)
{
	unsigned pages = pages_for(size);
	unsigned blocks = (unsigned)(pages * SLAB_PAGE / size);
	/* 1 to size too large: exact for offsets in a span, and these sizes. */
	uint64_t inverse = ((uint64_t)1 << 32) / size + 1;

	*c = (struct slab_class){
		.size = size,
		.inverse = (uint32_t)inverse,
		/* Each index adds the error to what is left. */
		.bound = blocks * (uint32_t)(inverse * size),
		.n_blocks = (uint16_t)blocks,
		.n_pages = (uint8_t)pages,
		.n_units = (uint8_t)units_for(blocks),
		.shift = shift_for(blocks),
		.depth = depth_for(size),
	};
}

static void fill(void)
{
	uint32_t size = 0, step = SLAB_GRAIN, from = 0;
	struct slab_class *c;

	for (unsigned i = 0; i < SLAB_N_CLASSES; i++) {
		size += step;
		c = &slab_class[i];
		class_init(c, fitted(size, step));
		for (; from <= c->size / SLAB_GRAIN; from++)
			slab_class_of[from] = (uint8_t)i;
		if (size >= FINE_MAX && (size & (size - 1)) == 0)
			step = size / PER_DOUBLING;
	}
}

uint64_t slab_classes_hash(void)
{
	uint64_t hash = 0;

	slab_classes_init();
	for (unsigned i = 0; i < SLAB_N_CLASSES; i++)
		hash =
		    hash * 31 + slab_class[i].size * 32 + slab_class[i].n_pages;
	return hash;
}

unsigned slab_depth(const struct slab_class *c, uint64_t pool_size)
{
	uint64_t most = pool_size / DEPTH_SHARE / c->size;

	if (most < DEPTH_MIN)
		most = DEPTH_MIN;
	return most < c->depth ? (unsigned)most : c->depth;
}

void slab_classes_init(void)
{
	pthread_once(&once, fill);
}
