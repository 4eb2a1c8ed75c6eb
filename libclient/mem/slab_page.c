/* SPDX-License-Identifier: ISC */
/* slab_page.c - claiming pages, without a lock. */
#include "config.h"

#include <sched.h>

#include "mem/slab_part.h"

/* Of claims while others claim as well: one that is stopped keeps its pages. */
#define TRIES_MAX   1000 /* while they go on */
#define YIELDS	    8	 /* until one who does not is taken for stopped */
#define STOPPED_MAX 4	 /* claims that are */

static uint8_t *hint_at(const struct slab_part *part, uint64_t page)
{
	return (uint8_t *)pool_at(part->pool, part->slab->hints) +
	       page / SLAB_GROUP;
}

void slab_pages_hint(const struct slab_part *part, uint32_t page)
{
	/* A row of free pages that begins in the group before may be longer. */
	for (int i = page >= SLAB_GROUP; i >= 0; i--)
		__atomic_store_n(hint_at(part, page - (uint32_t)i * SLAB_GROUP),
		    SLAB_HINT_ANY, __ATOMIC_RELEASE);
}

void slab_pages_hint_all(const struct slab_part *part)
{
	uint64_t n = slab_n_pages(part->slab);

	for (uint64_t i = 0; i < n; i += SLAB_GROUP)
		slab_pages_hint(part, (uint32_t)i);
}

/* So many pages are in use now; the peak follows. */
void slab_count(struct slab *slab, int64_t pages)
{
	uint64_t now, peak;

	now = __atomic_add_fetch(
	    &slab->n_held, (uint64_t)pages, __ATOMIC_RELAXED);
	peak = __atomic_load_n(&slab->max_held, __ATOMIC_RELAXED);
	while (now > peak && (int64_t)now > 0 &&
	       !__atomic_compare_exchange_n(&slab->max_held, &peak, now, true,
		   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void slab_pages_unreserve(
    struct slab_part *part, uint64_t from, uint64_t n, uint64_t res)
{
	for (uint64_t i = n; i-- > 0;) {
		slab_cas(&part->pages[from + i], res, SLAB_FREE);
		/* Somebody may have looked at it meanwhile, in vain. */
		slab_pages_hint(part, (uint32_t)(from + i));
	}
}

/*
 * Before the page is claimed: so who sees the claim, sees that too. A kill in
 * between leaves free pages that are looked at.
 */
static void touch(const struct slab_part *part, uint64_t number)
{
	uint8_t *touched = pool_at(part->pool, part->slab->touched);

	touched += number / SLAB_GROUP;
	if (__atomic_load_n(touched, __ATOMIC_RELAXED) == 0)
		__atomic_store_n(touched, 1, __ATOMIC_RELAXED);
}

bool slab_page_reserve(struct slab_part *part, uint64_t number, uint64_t res)
{
	touch(part, number);
	return slab_cas(&part->pages[number], SLAB_FREE, res);
}

uint64_t slab_next_group(const struct slab_part *part, uint64_t i)
{
	const uint8_t *touched = pool_at(part->pool, part->slab->touched);
	uint64_t all = slab_n_pages(part->slab);

	while (i < all &&
	       __atomic_load_n(&touched[i / SLAB_GROUP], __ATOMIC_ACQUIRE) == 0)
		i += SLAB_GROUP;
	return i;
}

/* A kill leaves RES(dead), which recovery frees. */
uint64_t slab_pages_reserve(struct slab_part *part, uint64_t head, uint64_t n)
{
	uint64_t res = slab_res(part->slot, head), i;

	for (i = 0; i < n; i++)
		if (!slab_page_reserve(part, head + i, res))
			break;
	return i;
}

/* Free pages in a row from `i` on, at most n. */
static uint64_t free_from(
    const struct slab_part *part, uint64_t i, uint64_t n, uint64_t end)
{
	uint64_t k = 0;

	while (
	    k < n && i + k < end && slab_load(&part->pages[i + k]) == SLAB_FREE)
		k++;
	return k;
}

/*
 * The first page that may be free behind what begins with this one. If that
 * was freed meanwhile, the hint of its group went up.
 */
static uint64_t behind(const struct slab_part *part, uint64_t i)
{
	uint64_t word = slab_load(&part->pages[i]), n = 1;
	unsigned class = slab_word_class(word);

	if (slab_kind(word) == SLAB_HEAD)
		n = slab_word_n(word);
	else if (slab_kind(word) == SLAB_SPAN && class < SLAB_N_CLASSES)
		n = slab_class[class].n_pages;
	return i + (n > 0 ? n : 1);
}

/* The first page from i on that begins at a multiple of align. */
static uint64_t aligned_from(
    const struct slab_part *part, uint64_t i, size_t align)
{
	uintptr_t at = part->data + (i << SLAB_PAGE_SHIFT);

	return (((at + align - 1) & ~(align - 1)) - part->data) >>
	       SLAB_PAGE_SHIFT;
}

/* Whether it changes while others have their turn: who is stopped stays. */
static bool goes_on(const struct slab_page *page, uint64_t word)
{
	for (int i = 0; i < YIELDS && slab_load(page) == word; i++)
		sched_yield();
	return slab_load(page) != word;
}

static bool is_anothers(const struct slab_part *part, uint64_t word)
{
	return (slab_kind(word) == SLAB_RES || slab_kind(word) == SLAB_DYING) &&
	       slab_word_slot(word) != part->slot;
}

/*
 * Another claims or frees what is before this page, and perhaps this one too:
 * true when he has gone on.  Nobody is waited for again after one who does not.
 */
static bool waited_for_another(
    const struct slab_part *part, uint64_t i, int *waits)
{
	const struct slab_page *page = &part->pages[i - 1];
	uint64_t word;

	if (*waits == 0 || i == 0)
		return false;
	word = slab_load(page);
	if (!is_anothers(part, word))
		return false;
	*waits = goes_on(page, word) ? *waits - 1 : 0;
	return *waits > 0;
}

/*
 * Claim n pages in a row that begin in [from, end).  Whoever comes upon another
 * at work waits for him a while: to go on right behind would make both back
 * off, and leave holes.
 */
static uint32_t claim_in(struct slab_part *part, uint64_t from, uint64_t end,
    uint64_t n, size_t align, int *waits, uint64_t *longest)
{
	uint64_t all = slab_n_pages(part->slab), got;
	uint64_t i = aligned_from(part, from, align);

	while (i < end) {
		if (waited_for_another(part, i, waits)) {
			i = aligned_from(part, from, align);
			continue;
		}
		got = free_from(part, i, n, all);
		if (got > *longest)
			*longest = got;
		if (got < n) {
			i += got;
			if (i < end)
				i = aligned_from(part, behind(part, i), align);
			continue;
		}
		got = slab_pages_reserve(part, i, n);
		if (got == n) {
			slab_count(part->slab, (int64_t)n);
			return (uint32_t)i;
		}
		slab_pages_unreserve(part, i, got, slab_res(part->slot, i));
		i = aligned_from(part, i + 1, align);
	}
	return SLAB_NO_PAGE;
}

/*
 * What a group can give, as seen: a hint that has been put up meanwhile is not
 * overwritten. Of more than a group's worth nothing is known.
 */
static void lower_hint(uint8_t *hint, uint64_t longest)
{
	uint8_t down = 0;
	uint8_t to = longest < SLAB_GROUP ? (uint8_t)longest : SLAB_HINT_ANY;

	__atomic_compare_exchange_n(
	    hint, &down, to, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

/*
 * Of a group that says it may hold so many free pages. The hint is taken down
 * before its pages are looked at, with a fence between, so that one put up
 * meanwhile is never lost; it stays down only when none is free. A kill before
 * lower_hint() leaves it down over free pages: recovery puts all hints up.
 */
static uint32_t claim_in_group(struct slab_part *part, uint64_t group,
    uint64_t n, size_t align, int *waits)
{
	uint64_t from = group * SLAB_GROUP, end = from + SLAB_GROUP;
	uint8_t *hint = hint_at(part, from);
	uint8_t was = __atomic_load_n(hint, __ATOMIC_RELAXED);
	uint64_t all, longest = 0;
	uint32_t head;

	if (was < (n < SLAB_GROUP ? n : SLAB_GROUP))
		return SLAB_NO_PAGE;
	__atomic_store_n(hint, 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	/* Behind the fence: who makes the pool larger puts the hint up then. */
	all = slab_n_pages(part->slab);
	if (end > all)
		end = all;
	head = claim_in(part, from, end, n, align, waits, &longest);
	/* Of what is left, or does not begin where it must, nothing is known.
	 */
	if (head != SLAB_NO_PAGE || align > SLAB_PAGE)
		longest = was;
	lower_hint(hint, longest);
	return head;
}

/* Most groups of a large pool are full: so are these eight. */
static bool are_down(const uint8_t *hint)
{
	return (uintptr_t)hint % sizeof(uint64_t) == 0 &&
	       __atomic_load_n(
		   (const uint64_t *)(const void *)hint, __ATOMIC_RELAXED) == 0;
}

/* The first group from `at` on that may hold so many, else `end`. */
static uint64_t next_group(
    const struct slab_part *part, uint64_t at, uint64_t end, uint64_t n)
{
	const uint8_t *hint = hint_at(part, 0);
	uint64_t most = n < SLAB_GROUP ? n : SLAB_GROUP;

	while (at < end) {
		if (are_down(hint + at))
			at += sizeof(uint64_t);
		else if (__atomic_load_n(&hint[at], __ATOMIC_RELAXED) < most)
			at++;
		else
			return at;
	}
	return end;
}

/* In groups [at, end). */
static uint32_t claim_between(struct slab_part *part, uint64_t at, uint64_t end,
    uint64_t n, size_t align, int *waits)
{
	uint32_t head = SLAB_NO_PAGE;

	for (; (at = next_group(part, at, end, n)) < end; at++) {
		head = claim_in_group(part, at, n, align, waits);
		if (head == SLAB_NO_PAGE)
			continue;
		if (n == 1)
			part->cursor = (uint32_t)at;
		break;
	}
	return head;
}

uint32_t slab_pages_claim(struct slab_part *part, uint64_t n, size_t align)
{
	uint64_t all = slab_n_pages(part->slab);
	uint64_t groups = (all + SLAB_GROUP - 1) / SLAB_GROUP;
	uint64_t from = n == 1 && part->cursor < groups ? part->cursor : 0;
	int waits = n > 1 ? TRIES_MAX : 0;
	uint32_t head;

	if (n > all)
		return SLAB_NO_PAGE;
	head = claim_between(part, from, groups, n, align, &waits);
	if (head == SLAB_NO_PAGE && from > 0)
		head = claim_between(part, 0, from, n, align, &waits);
	return head;
}

/* Whether somebody else is claiming pages, and not stopped. */
static bool others_claim(const struct slab_part *part)
{
	uint64_t all = slab_n_pages(part->slab), last = SLAB_FREE;
	int most = STOPPED_MAX;

	for (uint64_t i = slab_next_page(part, 0); i < all && most > 0;
	     i = slab_next_page(part, i + 1)) {
		uint64_t word = slab_load(&part->pages[i]);

		/* All pages of one claim have the same word. */
		if (word == last || slab_kind(word) != SLAB_RES ||
		    !is_anothers(part, word))
			continue;
		if (goes_on(&part->pages[i], word))
			return true;
		last = word;
		most--;
	}
	return false;
}

uint32_t slab_pages_claim_last(struct slab_part *part, uint64_t n, size_t align)
{
	uint64_t all = slab_n_pages(part->slab), longest = 0;
	int waits = n > 1 ? TRIES_MAX : 0, tries = TRIES_MAX;
	uint32_t head;

	slab_pages_hint_all(part);
	/* Others may be about to give back what they could not complete. */
	do {
		head = claim_in(part, 0, all, n, align, &waits, &longest);
	} while (head == SLAB_NO_PAGE && tries-- > 0 && others_claim(part));
	return head;
}

void slab_page_free_tail(struct slab_page *page, uint64_t head)
{
	uint64_t word = slab_load(page);

	while ((slab_kind(word) == SLAB_CONT || slab_kind(word) == SLAB_RES) &&
	       slab_word_head(word) == head && !slab_cas(page, word, SLAB_FREE))
		word = slab_load(page);
}

void slab_pages_release(struct slab_part *part, uint32_t head, uint64_t n)
{
	struct slab_page *page = &part->pages[head];

	for (uint64_t i = 1; i < n; i++)
		slab_page_free_tail(page + i, head);
	/* Last: a kill before it leaves a head from which to begin again. */
	__atomic_store_n(&page->word, SLAB_FREE, __ATOMIC_RELEASE);
	for (uint64_t i = 0; i < n; i += SLAB_GROUP)
		slab_pages_hint(part, (uint32_t)(head + i));
	slab_pages_hint(part, (uint32_t)(head + n - 1));
	slab_count(part->slab, -(int64_t)n);
	if (head / SLAB_GROUP < part->cursor)
		part->cursor = head / SLAB_GROUP;
}
