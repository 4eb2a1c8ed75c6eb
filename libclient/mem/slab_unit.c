/* SPDX-License-Identifier: ISC */
/* slab_unit.c - memory for tags: units of pages at the upper end. */
#include "config.h"

#include <sched.h>
#include <string.h>

#include "mem/slab_part.h"

/*
 * The row of a page of tags has a bit for each of its units.  A span that
 * is being claimed announces the unit that it goes for (slot.claim), looks
 * whether the page is open, sets bits, and has its row name them before the
 * announcement ends.  So a bit that neither an announcement nor a row names is
 * of the dead.  Who wants to clear it, or make something else of the page,
 * closes the page first and looks at announcements behind that: who has not
 * seen it closed is seen there.
 *
 * The page below the lowest tags of an area is a guard.  Who moves it makes it
 * RES first, and no page below tags is ever free: so a page that is RES(dead)
 * and has tags above it is to be a guard.
 */
#define LOOK_MAX   16 /* pages of tags tried before another one is made */
#define SWEEPS_MAX 8  /* while another sweeps the same page */

static uint64_t mask_of(unsigned n)
{
	return n >= SLAB_UNITS ? UINT64_MAX : ((uint64_t)1 << n) - 1;
}

static uint64_t *units_of(const struct slab_part *part, uint64_t number)
{
	return &part->pages[number].units;
}

static uint64_t load_units(const struct slab_part *part, uint64_t number)
{
	return __atomic_load_n(units_of(part, number), __ATOMIC_ACQUIRE);
}

static void clear_units(
    const struct slab_part *part, uint64_t number, uint64_t units)
{
	__atomic_fetch_and(units_of(part, number), ~units, __ATOMIC_ACQ_REL);
}

static uint64_t *announcement(struct slab_part *part)
{
	struct pool_slot *slot = pool_at(part->pool, part->pool->slots);

	return &slot[part->slot].claim;
}

/* The page of tags that somebody goes for units of; 0: none. */
static uint64_t announced(const struct pool_slot *slot)
{
	return __atomic_load_n(&slot->claim, __ATOMIC_SEQ_CST) / SLAB_UNITS;
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

/* n units in a row that are not taken; -1: there are none. */
static int find_units(uint64_t taken, unsigned n)
{
	for (unsigned i = 0; i + n <= SLAB_UNITS; i++)
		if ((taken & mask_of(n) << i) == 0)
			return (int)i;
	return -1;
}

static bool claim_in(
    struct slab_part *part, struct slab_page *row, uint32_t number, unsigned n)
{
	uint64_t taken = load_units(part, number), unit;
	int at;

	do {
		at = find_units(taken, n);
		if (at < 0)
			return false;
		unit = (uint64_t)number * SLAB_UNITS + (unsigned)at;
		__atomic_store_n(announcement(part), unit, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&part->pages[number].word,
			__ATOMIC_SEQ_CST) != SLAB_TAGS)
			return false;
	} while (!__atomic_compare_exchange_n(units_of(part, number), &taken,
	    taken | mask_of(n) << at, false, __ATOMIC_ACQ_REL,
	    __ATOMIC_ACQUIRE));
	slab_set_more(row, unit);
	look_at(part, number);
	return true;
}

/*
 * Two pages that are RES(me): tags, and their guard below.  Zero tags are free
 * blocks; what is no page of tags yet has data in it.
 */
static void commit_page(struct slab_part *part, uint64_t number)
{
	struct slab_page *page = &part->pages[number];

	memset(slab_addr(part, page), 0, SLAB_PAGE);
	slab_set_more(page, 0);
	__atomic_store_n(&page->word, SLAB_TAGS, __ATOMIC_RELEASE);
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
	    !slab_holds_tags(slab_load(page)))
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

void slab_unit_release(struct slab_part *part, struct slab_page *row,
    unsigned n_units, uint64_t was)
{
	uint64_t unit = __atomic_load_n(&row->unit, __ATOMIC_RELAXED);
	uint32_t number = (uint32_t)(unit / SLAB_UNITS);

	if (unit == 0)
		return;
	/*
	 * In this order: bits that my row does not name any more would be
	 * cleared by a sweep, claimed by others, and then by me cleared again.
	 */
	clear_units(part, number, mask_of(n_units) << unit % SLAB_UNITS);
	slab_set_more(row, was);
	look_at(part, number);
}

/* ---- closing a page ----------------------------------------------------- */

/*
 * From here on nobody begins to claim units of it.  A kill leaves CLOSED(dead),
 * which recovery opens.  Who sweeps may close what is closed to be trimmed:
 * that fails then.
 */
#define TO_SWEEP 0
#define TO_TRIM	 (1ull << SLAB_CLASS_SHIFT)

static uint64_t closed(const struct slab_part *part, uint64_t why)
{
	return slab_with_slot(SLAB_CLOSED, part->slot) | why;
}

static bool is_closed_by_me(
    const struct slab_part *part, uint64_t number, uint64_t why)
{
	return slab_load(&part->pages[number]) == closed(part, why);
}

static bool may_close(uint64_t word, uint64_t why)
{
	return word == SLAB_TAGS ||
	       (slab_kind(word) == SLAB_CLOSED && (word & TO_TRIM) != 0 &&
		   why != TO_TRIM);
}

static bool close_page(struct slab_part *part, uint64_t number, uint64_t why)
{
	struct slab_page *page = &part->pages[number];
	uint64_t word = slab_load(page);

	while (may_close(word, why) && !slab_cas(page, word, closed(part, why)))
		word = slab_load(page);
	/* Before announcements are looked at. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return is_closed_by_me(part, number, why);
}

static bool end_closed(
    struct slab_part *part, uint64_t number, uint64_t why, uint64_t to)
{
	return slab_cas(&part->pages[number], closed(part, why), to);
}

/* ---- after a death ------------------------------------------------------ */

static bool has_tags(uint64_t word)
{
	return slab_kind(word) == SLAB_SPAN || slab_kind(word) == SLAB_ABAND ||
	       slab_kind(word) == SLAB_DYING || slab_kind(word) == SLAB_RES;
}

/* However many units somebody goes for: of that page all are named. */
static void mark_announced(
    struct slab_part *part, uint64_t *named, uint64_t all)
{
	const struct pool_slot *slot = pool_at(part->pool, part->pool->slots);

	for (uint32_t i = 0; i < part->pool->n_slots; i++) {
		uint64_t number = announced(&slot[i]);

		if (number != 0 && number < all)
			named[number] = UINT64_MAX;
	}
}

/* Of all rows that there are by now: the pool may have grown. */
static void mark_named(struct slab_part *part, uint64_t *named, uint64_t all)
{
	uint64_t end = slab_n_pages(part->slab);

	for (uint64_t i = slab_next_page(part, 0); i < end;
	     i = slab_next_page(part, i + 1)) {
		struct slab_page *page = &part->pages[i];
		uint64_t word = slab_load(page);
		uint64_t unit = __atomic_load_n(&page->unit, __ATOMIC_ACQUIRE);
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

/*
 * Of each page of tags, the units that are taken and that nobody names.  In
 * this order: a claim that has ended is in its row by then.  The table begins
 * with zeros: of pages that are claimed meanwhile for the first time nothing is
 * known.
 */
static void find_stale(
    struct slab_part *part, uint64_t *stale, uint64_t *named, uint64_t all)
{
	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1)) {
		stale[i] = slab_holds_tags(slab_load(&part->pages[i]))
			       ? load_units(part, i)
			       : 0;
		named[i] = 0;
	}
	mark_announced(part, named, all);
	mark_named(part, named, all);
	/* What has been given back meanwhile is nobody's, and free. */
	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1))
		if (stale[i] != 0)
			stale[i] &= ~named[i] & load_units(part, i);
}

/*
 * Pages that seem to have stale units are closed, and all is read again: what
 * is stale then stays so until it is cleared.  False: another is at it.
 */
static bool sweep(
    struct slab_part *part, uint64_t *stale, uint64_t *named, uint64_t all)
{
	bool some = false, ok = true;

	find_stale(part, stale, named, all);
	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1))
		if (stale[i] != 0) {
			some = true;
			ok &= close_page(part, i, TO_SWEEP);
		}
	if (!some)
		return true;
	find_stale(part, stale, named, all);
	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1))
		if (is_closed_by_me(part, i, TO_SWEEP)) {
			clear_units(part, i, stale[i]);
			end_closed(part, i, TO_SWEEP, SLAB_TAGS);
		}
	return ok;
}

void slab_unit_sweep(struct slab_part *part)
{
	uint64_t all = slab_n_pages(part->slab);
	size_t size = all * 2 * sizeof(uint64_t);
	uint64_t *stale = slab_get(size);

	if (stale == NULL)
		return; /* they wait for the next sweep */
	for (int i = 0; i < SWEEPS_MAX && !sweep(part, stale, stale + all, all);
	     i++)
		sched_yield();
	slab_put(stale, size);
}

/* ---- trim --------------------------------------------------------------- */

static bool is_announced(const struct slab_part *part, uint64_t number)
{
	const struct pool_slot *slot = pool_at(part->pool, part->pool->slots);
	bool yes = false;

	for (uint32_t i = 0; i < part->pool->n_slots && !yes; i++)
		yes = announced(&slot[i]) == number;
	return yes;
}

/* Closed, if it holds no tags, and nobody is about to claim some. */
static bool close_empty(struct slab_part *part, uint64_t number)
{
	if (!close_page(part, number, TO_TRIM))
		return false;
	if (!is_announced(part, number) && load_units(part, number) == 0)
		return true;
	end_closed(part, number, TO_TRIM, SLAB_TAGS);
	return false;
}

/* Of a page that is the lowest of its area, if it holds none. */
static void trim_page(struct slab_part *part, uint64_t i)
{
	struct slab_page *page = &part->pages[i];
	uint64_t res = slab_res(part->slot, i - 1);
	bool more;

	if (slab_load(page) != SLAB_TAGS || load_units(part, i) != 0 ||
	    !slab_cas(page - 1, SLAB_GUARD, res))
		return;
	/* As long as the guard is mine, what is above does not change. */
	more = i + 1 < slab_n_pages(part->slab) &&
	       slab_holds_tags(slab_load(page + 1));
	if (!close_empty(part, i) ||
	    !end_closed(part, i, TO_TRIM, more ? SLAB_GUARD : res)) {
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
