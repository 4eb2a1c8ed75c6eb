/* SPDX-License-Identifier: ISC */
/* slab_loan.c - a class that is short of blocks gets some of a larger one. */
#include "config.h"

#include "mem/slab_part.h"

/*
 * A span of its own is for ever, or nearly: classes have their peaks at
 * different times, and blocks that are free are all over their spans.  So
 * before a class claims one, it takes hints off the stack of a class that has
 * many, into a bin of its own, and its sizes lead to that bin until they are
 * used up.  It is one slow call for SLAB_LOAN blocks; those are freed as what
 * they are.  Who goes on being short gets a span.
 */
#define SPARE_MIN 26u  /* hints on the stack of who lends */
#define LOANS_MAX 64u  /* before a class claims a span all the same */
#define REACH	  4u   /* classes above, up to which it looks for them */
#define SIZE_MIN  128u /* bytes; below, the next classes are much larger */

static void lead_to(
    struct slab_part *part, unsigned class, const struct slab_bin *bin)
{
	size_t at = (size_t)((const char *)bin - (const char *)part->bin);
	size_t i = class > 0 ? slab_class[class - 1].size / SLAB_GRAIN + 1 : 0;

	if (part->bin_at[i] == at)
		return;
	for (; i <= slab_class[class].size / SLAB_GRAIN; i++)
		part->bin_at[i] = (uint16_t)at;
}

void slab_loan_end(struct slab_part *part, unsigned class)
{
	lead_to(part, class, &part->bin[class]);
}

static unsigned stock(const struct slab_bin *bin)
{
	return (unsigned)(bin->top - bin->base);
}

/* The newest n of them. */
static void lend(
    struct slab_part *part, struct slab_bin *from, unsigned class, unsigned n)
{
	struct slab_bin *loan = &part->loan[class];
	struct slab_hint *base = part->lent[class];

	*base++ = slab_bottom;
	from->top -= n;
	memcpy(base, from->top, n * sizeof(*base));
	*loan = *from;
	loan->base = base;
	loan->top = loan->limit = base + n;
	lead_to(part, class, loan);
}

/* Whether the tag has room for what the smallest request leaves of a block. */
static bool fits(unsigned class, unsigned from)
{
	uint32_t below = class > 0 ? slab_class[class - 1].size : 0;

	return from < SLAB_N_CLASSES &&
	       slab_class[from].size - below <= SLAB_SLACK_MASK + 1;
}

bool slab_borrow(struct slab_part *part, unsigned class)
{
	struct slab_bin *bin = &part->bin[class];

	if (part->has_guard || slab_class[class].size < SIZE_MIN ||
	    bin->loans == LOANS_MAX)
		return false;
	for (unsigned i = class + 1; i <= class + REACH && fits(class, i); i++)
		if (stock(&part->bin[i]) >= SPARE_MIN) {
			bin->loans++;
			lend(part, &part->bin[i], class, SLAB_LOAN);
			return true;
		}
	return false;
}

bool slab_borrow_any(struct slab_part *part, unsigned class)
{
	if (part->has_guard)
		return false;
	for (unsigned i = class + 1; fits(class, i); i++)
		if (slab_collect(part, i)) {
			lend(part, &part->bin[i], class, 1);
			return true;
		}
	return false;
}
