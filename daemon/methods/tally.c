/* SPDX-License-Identifier: ISC */
/* tally.c - whether two walks over a pool have seen the same blocks. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "daemon/methods/tally.h"
#include "mem/view.h"

#define MIX 0x9e3779b97f4a7c15u /* an odd number without a pattern */

static uint64_t mix(uint64_t mark, uint64_t value)
{
	mark = (mark ^ value) * MIX;
	return mark ^ mark >> 29;
}

void tally_add(struct tally *tally, const struct view_block *block)
{
	uint64_t mark = mix(0, block->addr);

	mark = mix(mark, block->seq);
	mark = mix(mark, block->size);
	mark = mix(mark, (uint64_t)block->site << 32 | block->owner);
	tally->blocks++;
	tally->size += block->size;
	tally->mark += mark;
}

bool tally_equals(const struct tally *a, const struct tally *b)
{
	return a->blocks == b->blocks && a->size == b->size &&
	       a->mark == b->mark;
}

const char *tally_text(const struct tally *tally, char *buf, size_t size)
{
	snprintf(buf, size, "%" PRIx64 ".%" PRIx64 ".%" PRIx64, tally->blocks,
	    tally->size, tally->mark);
	return buf;
}

int tally_parse(struct tally *tally, const char *text)
{
	char again[TALLY_TEXT_SIZE];

	if (sscanf(text, "%" SCNx64 ".%" SCNx64 ".%" SCNx64, &tally->blocks,
		&tally->size, &tally->mark) != 3)
		return -KM_EINVAL;
	/* What sscanf() has passed over is not ours. */
	tally_text(tally, again, sizeof(again));
	return strcmp(again, text) == 0 ? 0 : -KM_EINVAL;
}
