/* SPDX-License-Identifier: ISC */
/* slab_unit.c - memory for tags: units of pages at the upper end. */
#include "config.h"

#include <string.h>

#include "mem/slab_part.h"

/*
 * The word of a page of tags has a bit for each of its units.  A span that is
 * being claimed announces the unit that it goes for (slot.claim) before it
 * sets bits, and its row names it before the announcement ends; so a bit that
 * neither an announcement nor a row names is of the dead, and is cleared: if
 * the version says that none of that page was claimed while rows were read.
 *
 * The page below the lowest tags of an area is a guard.  Who moves it makes it
 * RES first, and no page below tags is ever free: so a page that is RES(dead)
 * and has tags above it is to be a guard.
 */
#define LOOK_MAX   16 /* pages of tags tried before another one is made */
#define SWEEPS_MAX 8  /* while others claim units */

static uint32_t tags_bits(uint64_t word)
{
	return (uint32_t)(word >> SLAB_BITS_SHIFT);
}

static uint64_t with_claimed(uint64_t word, uint32_t bits)
{
	return (word & ~SLAB_CLAIM_MASK) |
	       ((word + SLAB_CLAIM) & SLAB_CLAIM_MASK) |
	       (uint64_t)bits << SLAB_BITS_SHIFT;
}

static uint64_t with_free(uint64_t word, uint32_t bits)
{
	return word & ~((uint64_t)bits << SLAB_BITS_SHIFT);
}

static uint32_t mask_of(unsigned n)
{
	return n >= SLAB_UNITS ? UINT32_MAX : ((uint32_t)1 << n) - 1;
}

static uint64_t *announcement(struct slab_part *part)
{
	struct pool_slot *slot = pool_at(part->pool, part->pool->slots);

	return &slot[part->slot].claim;
}

/* Where to look first: any value is safe. */
static void look_at(struct slab_part *part, uint32_t number)
{
	__atomic_store_n(&part->slab->tags_at, number, __ATOMIC_RELAXED);
}

static uint32_t begin_at(const struct slab_part *part)
{
	return __atomic_load_n(&part->slab->tags_at, __ATOMIC_RELAXED);
}

static uint32_t lowest(const struct slab_part *part)
{
	return __atomic_load_n(&part->slab->tags_low, __ATOMIC_RELAXED);
}

/* n free bits in a row; -1: there are none. */
static int find_bits(uint32_t bits, unsigned n)
{
	for (unsigned i = 0; i + n <= SLAB_UNITS; i++)
		if ((bits & mask_of(n) << i) == 0)
			return (int)i;
	return -1;
}

static bool claim_in(
    struct slab_part *part, struct slab_page *row, uint32_t number, unsigned n)
{
	struct slab_page *page = &part->pages[number];

	for (;;) {
		uint64_t word = slab_load(page);
		int at;

		if (slab_kind(word) != SLAB_TAGS)
			return false;
		at = find_bits(tags_bits(word), n);
		if (at < 0)
			return false;
		__atomic_store_n(announcement(part),
		    (uint64_t)number * SLAB_UNITS + (unsigned)at,
		    __ATOMIC_SEQ_CST);
		if (!slab_cas(page, word, with_claimed(word, mask_of(n) << at)))
			continue;
		__atomic_store_n(&row->unit, number * SLAB_UNITS + (uint32_t)at,
		    __ATOMIC_RELEASE);
		look_at(part, number);
		return true;
	}
}

/*
 * Two pages that are RES(me): tags, and their guard below.  Zero tags are free
 * blocks; what is no page of tags yet has data in it.  A version goes on where
 * it was, so that none comes back.
 */
static void commit_page(struct slab_part *part, uint64_t number)
{
	struct slab_page *page = &part->pages[number];
	uint64_t ver = (uint64_t)page->ver * SLAB_CLAIM & SLAB_CLAIM_MASK;

	memset(slab_addr(part, page), 0, SLAB_PAGE);
	__atomic_store_n(&page->word, SLAB_TAGS | ver, __ATOMIC_RELEASE);
	__atomic_store_n(&page[-1].word, SLAB_GUARD, __ATOMIC_RELEASE);
	__atomic_store_n(
	    &part->slab->tags_low, (uint32_t)number, __ATOMIC_RELAXED);
	look_at(part, (uint32_t)number);
}

/* The guard below the lowest tags becomes tags, the page below it the guard. */
static bool extend(struct slab_part *part)
{
	uint64_t low = lowest(part);
	struct slab_page *page = &part->pages[low];
	uint64_t res;

	if (low < 2 || low >= slab_n_pages(part->slab) ||
	    slab_kind(slab_load(page)) != SLAB_TAGS)
		return false;
	res = slab_res(part->slot, low - 2);
	if (!slab_page_reserve(part, low - 2, res))
		return false;
	if (!slab_cas(page - 1, SLAB_GUARD, slab_res(part->slot, low - 1))) {
		slab_pages_unreserve(part, low - 2, 1, res);
		return false;
	}
	slab_count(part->slab, 1);
	commit_page(part, low - 1);
	return true;
}

/* Two free pages anywhere, from the upper end: tags and their guard. */
static bool begin(struct slab_part *part)
{
	struct slab_page *page = part->pages;

	for (uint64_t i = slab_n_pages(part->slab); i-- > 1;) {
		uint64_t res = slab_res(part->slot, i);

		if (slab_load(&page[i]) != SLAB_FREE ||
		    slab_load(&page[i - 1]) != SLAB_FREE ||
		    !slab_page_reserve(part, i, res))
			continue;
		if (!slab_page_reserve(
			part, i - 1, slab_res(part->slot, i - 1))) {
			slab_pages_unreserve(part, i, 1, res);
			continue;
		}
		slab_count(part->slab, 2);
		commit_page(part, i);
		return true;
	}
	return false;
}

/* Any page of tags, from the one used last upwards, around. */
static bool claim_known(
    struct slab_part *part, struct slab_page *row, unsigned n, unsigned most)
{
	uint64_t all = slab_n_pages(part->slab), at = begin_at(part), low;

	for (uint64_t i = 0; i < all && most > 0; i++) {
		uint64_t number = (at + i) % all;

		if (slab_kind(slab_load(&part->pages[number])) != SLAB_TAGS) {
			/* Data lie between: go on at the lowest tags. */
			low = lowest(part);
			if (low > number)
				i += low - number - 1;
			continue;
		}
		if (claim_in(part, row, (uint32_t)number, n))
			return true;
		most--;
	}
	return false;
}

int slab_unit_claim(
    struct slab_part *part, struct slab_page *row, unsigned n_units)
{
	bool ok = claim_known(part, row, n_units, LOOK_MAX);

	while (!ok && (extend(part) || begin(part)))
		ok = claim_known(part, row, n_units, 1);
	if (!ok)
		ok = claim_known(part, row, n_units, UINT32_MAX);
	__atomic_store_n(announcement(part), 0, __ATOMIC_RELEASE);
	return ok ? 0 : -KM_ENOMEM;
}

static void clear_bits(struct slab_part *part, uint64_t number, uint32_t bits)
{
	struct slab_page *page = &part->pages[number];
	uint64_t word = slab_load(page);

	while (slab_kind(word) == SLAB_TAGS &&
	       !slab_cas(page, word, with_free(word, bits)))
		word = slab_load(page);
}

void slab_unit_release(
    struct slab_part *part, struct slab_page *row, unsigned n_units)
{
	uint32_t unit = row->unit, number = unit / SLAB_UNITS;

	if (unit == 0)
		return;
	/*
	 * In this order: bits that my row does not name any more would be
	 * cleared by a sweep, claimed by others, and then by me cleared again.
	 */
	clear_bits(part, number, mask_of(n_units) << unit % SLAB_UNITS);
	__atomic_store_n(&row->unit, 0, __ATOMIC_RELEASE);
	look_at(part, number);
}

/* ---- after a death ------------------------------------------------------ */

static bool has_tags(uint64_t word)
{
	return slab_kind(word) == SLAB_SPAN || slab_kind(word) == SLAB_ABAND ||
	       slab_kind(word) == SLAB_DYING || slab_kind(word) == SLAB_RES;
}

/* Units that rows and announcements name, a word for each page. */
static void mark_named(struct slab_part *part, uint32_t *named, uint64_t all)
{
	const struct pool_slot *slot = pool_at(part->pool, part->pool->slots);

	/* Announcements first: one that has ended is in its row by then. */
	for (uint32_t i = 0; i < part->pool->n_slots; i++) {
		uint64_t unit =
		    __atomic_load_n(&slot[i].claim, __ATOMIC_SEQ_CST);

		/* However many bits he goes for: the page is left alone. */
		if (unit != 0 && unit / SLAB_UNITS < all)
			named[unit / SLAB_UNITS] = UINT32_MAX;
	}
	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1)) {
		struct slab_page *page = &part->pages[i];
		uint64_t word = slab_load(page);
		uint32_t unit = __atomic_load_n(&page->unit, __ATOMIC_ACQUIRE);
		unsigned class = slab_word_class(word);

		if (!has_tags(word) || unit == 0 || unit / SLAB_UNITS >= all)
			continue;
		/* Only SPAN and ABAND say of which class: else the most. */
		if (slab_kind(word) > SLAB_ABAND || class >= SLAB_N_CLASSES)
			class = 0;
		named[unit / SLAB_UNITS] |= mask_of(slab_class[class].n_units)
					    << unit % SLAB_UNITS;
	}
}

/* False: units of it have been claimed since it was read. */
static bool clear_stale(struct slab_page *page, uint64_t read, uint32_t stale)
{
	uint64_t word = slab_load(page);

	if (stale == 0)
		return true;
	while (((word ^ read) & (SLAB_KIND_MASK | SLAB_CLAIM_MASK)) == 0)
		if (slab_cas(page, word, with_free(word, stale)))
			return true;
		else
			word = slab_load(page);
	return false;
}

/*
 * False: not all, since others are claiming. The tables begin with zeros: of
 * pages that are claimed meanwhile for the first time nothing is known.
 */
static bool sweep(
    struct slab_part *part, uint64_t *words, uint32_t *named, uint64_t all)
{
	bool ok = true;

	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1)) {
		words[i] = slab_load(&part->pages[i]);
		named[i] = 0;
	}
	mark_named(part, named, all);
	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1))
		if (slab_kind(words[i]) == SLAB_TAGS)
			ok &= clear_stale(&part->pages[i], words[i],
			    tags_bits(words[i]) & ~named[i]);
	return ok;
}

void slab_unit_sweep(struct slab_part *part)
{
	uint64_t all = slab_n_pages(part->slab);
	size_t size = all * (sizeof(uint64_t) + sizeof(uint32_t));
	uint64_t *words = slab_get(size);
	uint32_t *named = (uint32_t *)(words + all);

	if (words == NULL)
		return; /* they wait for the next sweep */
	for (int i = 0; i < SWEEPS_MAX && !sweep(part, words, named, all); i++)
		;
	slab_put(words, size);
}

/* Of a page that is the lowest of its area, if it holds none. */
static void trim_page(struct slab_part *part, uint64_t i)
{
	struct slab_page *page = &part->pages[i];
	uint64_t word = slab_load(page), res = slab_res(part->slot, i - 1);
	/* As long as it is the lowest, what is above it does not change. */
	bool more = i + 1 < slab_n_pages(part->slab) &&
		    slab_kind(slab_load(page + 1)) == SLAB_TAGS;

	if (slab_kind(word) != SLAB_TAGS || tags_bits(word) != 0 ||
	    !slab_cas(page - 1, SLAB_GUARD, res))
		return;
	page->ver = (uint32_t)((word & SLAB_CLAIM_MASK) / SLAB_CLAIM) + 1;
	if (!slab_cas(page, word, more ? SLAB_GUARD : res)) {
		slab_cas(page - 1, res, SLAB_GUARD);
		return;
	}
	if (more)
		__atomic_store_n(
		    &part->slab->tags_low, (uint32_t)i + 1, __ATOMIC_RELAXED);
	slab_pages_unreserve(part, i - 1, more ? 1 : 2, res);
	slab_count(part->slab, more ? -1 : -2);
}

/* From the lowest page of an area upwards: guard and tags move up by one. */
void slab_unit_trim(struct slab_part *part)
{
	uint64_t all = slab_n_pages(part->slab);

	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1))
		if (i > 0)
			trim_page(part, i);
}
