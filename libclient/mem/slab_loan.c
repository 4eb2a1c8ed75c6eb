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

/* The newest of them. */
static void lend(struct slab_part *part, struct slab_bin *from, unsigned class)
{
	struct slab_bin *loan = &part->loan[class];
	struct slab_hint *base = part->lent[class];

	*base++ = slab_bottom;
	from->top -= SLAB_LOAN;
	memcpy(base, from->top, SLAB_LOAN * sizeof(*base));
	*loan = *from;
	loan->base = base;
	loan->top = loan->limit = base + SLAB_LOAN;
	lead_to(part, class, loan);
}

/* Whether the tag has room for what the smallest request leaves of a block. */
static bool fits(unsigned class, unsigned from)
{
	return slab_class[from].size - slab_class[class - 1].size <=
	       SLAB_SLACK_MASK + 1;
}

bool slab_borrow(struct slab_part *part, unsigned class)
{
	struct slab_bin *bin = &part->bin[class];
	unsigned end = class + 1 + SLAB_LOAN_REACH;

	if (part->has_guard || slab_class[class].size < SIZE_MIN ||
	    bin->loans == LOANS_MAX)
		return false;
	for (unsigned i = class + 1;
	     i < end && i < SLAB_N_CLASSES && fits(class, i); i++) {
		if ((size_t)(part->bin[i].top - part->bin[i].base) < SPARE_MIN)
			continue;
		bin->loans++;
		lend(part, &part->bin[i], class);
		return true;
	}
	return false;
}
