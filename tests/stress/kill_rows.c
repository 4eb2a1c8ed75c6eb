/* SPDX-License-Identifier: ISC */
/* kill_rows.c - whether the page table of slab is whole. */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "mem/manager.h"
#include "mem/shm_mem.h"
#include "mem/slab_part.h"
#include "tests/stress/kill_points.h"

static const struct slab_page *rows;
static uint64_t n_rows;
static uint64_t named[MAP_SIZE / SLAB_PAGE]; /* units, of pages of tags */

static uint64_t pages_of(uint64_t word)
{
	switch (slab_kind(word)) {
	case SLAB_SPAN:
	case SLAB_ABAND:
		return slab_class[slab_word_class(word)].n_pages;
	case SLAB_HEAD:
		return slab_word_n(word);
	default:
		return 1;
	}
}

/* Each unit of a span is taken, and by it alone. */
static enum verdict check_units(uint64_t i)
{
	uint64_t unit = rows[i].unit;
	unsigned n = slab_class[slab_word_class(rows[i].word)].n_units;

	if (unit == 0)
		return verdict_is(
		    INCONSISTENT, "span %" PRIu64 " has no tags", i);
	for (unsigned k = 0; k < n; k++, unit++) {
		const struct slab_page *tags = &rows[unit / SLAB_UNITS];
		uint64_t bit = (uint64_t)1 << unit % SLAB_UNITS;

		if (tags->word != SLAB_TAGS || (tags->units & bit) == 0)
			return verdict_is(INCONSISTENT,
			    "span %" PRIu64 ": unit %" PRIu64 " is not taken",
			    i, unit);
		if ((named[unit / SLAB_UNITS] & bit) != 0)
			return verdict_is(
			    TWICE, "unit %" PRIu64 " of two spans", unit);
		named[unit / SLAB_UNITS] |= bit;
	}
	return GOOD;
}

/* From each page of a span to its head, and its class. */
static bool leads_back(uint64_t head)
{
	unsigned class = slab_word_class(rows[head].word);
	const uint16_t *guess = slab_guesses(pool) + head;
	bool yes = true;

	for (unsigned i = 0; i < slab_class[class].n_pages; i++)
		yes &= guess[i] == slab_guess(class, i);
	return yes;
}

static enum verdict check_row(uint64_t i, uint64_t *head, uint64_t *end)
{
	uint64_t word = rows[i].word;
	unsigned above = i + 1 < n_rows ? slab_kind(rows[i + 1].word) : 0;

	switch (slab_kind(word)) {
	case SLAB_SPAN:
		if (slab_word_slot(word) == VICTIM)
			return verdict_is(
			    INCONSISTENT, "page %" PRIu64 " is his", i);
		__attribute__((fallthrough));
	case SLAB_ABAND:
		if (!leads_back(i))
			return verdict_is(INCONSISTENT,
			    "pages of span %" PRIu64 " do not lead there", i);
		__attribute__((fallthrough));
	case SLAB_HEAD:
		*head = i;
		*end = i + pages_of(word);
		return slab_kind(word) != SLAB_HEAD ? check_units(i) : GOOD;
	case SLAB_CONT:
		if (i < *end && slab_word_head(word) == *head)
			return GOOD;
		return verdict_is(
		    LOST, "page %" PRIu64 " continues nothing", i);
	case SLAB_GUARD:
		return above == SLAB_TAGS
			   ? GOOD
			   : verdict_is(
				 LOST, "guard %" PRIu64 " of nothing", i);
	case SLAB_FREE:
		return above == SLAB_TAGS
			   ? verdict_is(INCONSISTENT, "no guard at %" PRIu64, i)
			   : GOOD;
	case SLAB_TAGS:
		return GOOD;
	default:
		return verdict_is(
		    LOST, "page %" PRIu64 " is of kind %u", i, slab_kind(word));
	}
}

/* Others look only there. */
static bool is_touched(uint64_t i)
{
	const uint8_t *touched = pool_at(pool, slab_of(pool)->touched);

	return touched[i / SLAB_GROUP] != 0;
}

enum verdict rows_check(void)
{
	uint64_t head = 0, end = 0, held = 0;
	enum verdict v;

	rows = slab_pages(pool);
	n_rows = slab_n_pages(slab_of(pool));
	memset(named, 0, sizeof(named));
	for (uint64_t i = 0; i < n_rows; i++) {
		if (i < end && slab_kind(rows[i].word) != SLAB_CONT)
			return verdict_is(
			    INCONSISTENT, "page %" PRIu64 " is missing", i);
		v = check_row(i, &head, &end);
		if (v != GOOD)
			return v;
		held += slab_kind(rows[i].word) != SLAB_FREE;
		if (slab_kind(rows[i].word) != SLAB_FREE && !is_touched(i))
			return verdict_is(
			    INCONSISTENT, "page %" PRIu64 " is skipped", i);
	}
	for (uint64_t i = 0; i < n_rows; i++)
		if (slab_kind(rows[i].word) == SLAB_TAGS &&
		    rows[i].units != named[i])
			return verdict_is(
			    LOST, "tags %" PRIu64 " that no span has", i);
	if (pool->size != slab_of(pool)->data.bytes + n_rows * SLAB_PAGE)
		return verdict_is(
		    INCONSISTENT, "size of the pool and pages differ");
	if (slab_of(pool)->n_held != held)
		return verdict_is(INCONSISTENT,
		    "%" PRIu64 " pages held, %" PRIu64 " counted", held,
		    slab_of(pool)->n_held);
	return GOOD;
}

/* Each page is free. */
enum verdict rows_check_empty(void)
{
	struct km_mem_info info;
	uint64_t lost;

	manager_slab.trim(pool);
	shm_info(&info);
	lost = (slab_n_pages(slab_of(pool)) << SLAB_PAGE_SHIFT) - info.free;
	if (lost != 0) {
		verdict_is(LOST, "%" PRIu64 " bytes do not come back", lost);
		board->lost = lost;
		return LOST;
	}
	return slab_of(pool)->n_held == 0
		   ? GOOD
		   : verdict_is(INCONSISTENT, "pages held in an empty pool");
}

/*
 * Everything but data, of which a judge looks at what others have alone, and at
 * the pointer that blocks are published with.
 */
bool rows_have_changed(void)
{
	const struct slab_page *row = slab_pages(pool);
	size_t data = slab_of(pool)->data.bytes;
	bool yes = differs(0, data);

	if (board->where != NULL)
		yes |= differs((size_t)((char *)board->where - (char *)pool),
		    sizeof(*board->where));
	for (size_t i = 0; i < slab_n_pages(slab_of(pool)); i++)
		if (slab_kind(row[i].word) == SLAB_TAGS)
			yes |= differs(data + i * SLAB_PAGE, SLAB_PAGE);
	return yes;
}
