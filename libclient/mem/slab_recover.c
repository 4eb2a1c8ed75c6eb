/* SPDX-License-Identifier: ISC */
/* slab_recover.c - after a death: what the dead left half done. */
#include "config.h"

#include "mem/slab_part.h"
#include "mem/slab_view.h"

/*
 * Each step looks at a word that the dead has left and stores one that is
 * right, by CAS where the living may have been faster; so it can be cut off
 * by another death at any point, and is simply run again.
 */

static bool names(uint64_t word, uint32_t slot)
{
	switch (slab_kind(word)) {
	case SLAB_SPAN:
	case SLAB_RES:
	case SLAB_CONT:
	case SLAB_DYING:
	case SLAB_SHRK:
	case SLAB_CLOSED:
		return slab_word_slot(word) == slot;
	default:
		return false;
	}
}

/* Whether the head of a further page counts it as its own. */
static bool is_covered(const struct slab_part *part, uint64_t number)
{
	uint64_t head = slab_word_head(slab_load(&part->pages[number]));
	uint64_t word, n = 0;

	if (head >= number)
		return false;
	word = slab_load(&part->pages[head]);
	switch (slab_kind(word)) {
	case SLAB_SPAN:
	case SLAB_ABAND:
		if (slab_word_class(word) < SLAB_N_CLASSES)
			n = slab_class[slab_word_class(word)].n_pages;
		break;
	case SLAB_HEAD:
	case SLAB_DYING:
	case SLAB_SHRK:
		n = slab_word_n(word);
		break;
	default:
		break;
	}
	return number - head < n;
}

/*
 * The dead was giving it back: the same steps again. Its units are nobody's, or
 * somebody else's by now: the sweep knows.
 */
static void finish_dying(struct slab_part *part, uint64_t number)
{
	struct slab_page *page = &part->pages[number];
	uint64_t n = slab_word_n(slab_load(page));

	if (n > slab_n_pages(part->slab) - number)
		n = slab_n_pages(part->slab) - number;
	slab_set_more(page, 0);
	slab_pages_release(part, (uint32_t)number, n);
}

static void finish_shrk(struct slab_part *part, uint64_t number)
{
	struct slab_page *page = &part->pages[number];
	uint64_t word = slab_load(page);
	uint64_t n = slab_word_n(word), to = slab_word_m(word);

	for (uint64_t i = to; i < n; i++)
		slab_page_free_tail(page + i, number);
	slab_cas(page, word, slab_head(to));
}

/* SPAN(dead): nobody's from now on, or free. */
static void orphan_span(
    struct slab_part *part, struct slab_page *page, uint64_t word)
{
	if (!slab_take(part, page, word))
		return;
	if (!slab_span_return(part, page))
		slab_abandon(part, page);
}

/* First pages: what they say decides about the others. */
static void settle_head(struct slab_part *part, uint64_t i, uint32_t slot)
{
	struct slab_page *page = &part->pages[i];
	uint64_t word = slab_load(page);

	if (!names(word, slot))
		return;
	switch (slab_kind(word)) {
	case SLAB_DYING:
		finish_dying(part, i);
		break;
	case SLAB_SHRK:
		finish_shrk(part, i);
		break;
	case SLAB_SPAN:
		orphan_span(part, page, word);
		break;
	case SLAB_CLOSED:
		slab_cas(page, word, SLAB_TAGS);
		break;
	default:
		break;
	}
}

/* Below tags there is a guard, but while it is being moved. */
static bool is_guard(const struct slab_part *part, uint64_t i)
{
	return i + 1 < slab_n_pages(part->slab) &&
	       slab_holds_tags(slab_load(&part->pages[i + 1]));
}

/* RES and CONT: of a head that counts them, a guard, or of nothing. */
static void settle_tail(struct slab_part *part, uint64_t i, uint32_t slot)
{
	struct slab_page *page = &part->pages[i];
	uint64_t word = slab_load(page);

	if (!names(word, slot) ||
	    (slab_kind(word) != SLAB_RES && slab_kind(word) != SLAB_CONT))
		return;
	if (is_covered(part, i)) {
		if (slab_kind(word) == SLAB_RES)
			slab_cas(
			    page, word, slab_cont(slot, slab_word_head(word)));
		return;
	}
	if (slab_word_head(word) == i)
		slab_set_more(page, 0);
	slab_cas(page, word, is_guard(part, i) ? SLAB_GUARD : SLAB_FREE);
	slab_pages_hint(part, (uint32_t)i);
}

/* Who looks for such spans takes this hint down first, and may die there. */
static void raise_abandoned(struct slab_part *part, uint64_t i, uint64_t word)
{
	unsigned class = slab_word_class(word);
	uint32_t none = 0;

	if (class < SLAB_N_CLASSES)
		__atomic_compare_exchange_n(&part->slab->aband[class], &none,
		    (uint32_t)i + 1, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

/*
 * A freer killed between tag and hint may have been anywhere: all hints of all
 * spans go up, and their owners look once more.
 */
static void raise_all(struct slab_part *part)
{
	uint64_t all = slab_n_pages(part->slab), held = 0;

	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1)) {
		uint64_t word = slab_load(&part->pages[i]);

		held += slab_kind(word) != SLAB_FREE;
		if (slab_kind(word) == SLAB_SPAN ||
		    slab_kind(word) == SLAB_ABAND)
			slab_span_raise(&part->sides[i]);
		if (slab_kind(word) == SLAB_ABAND)
			raise_abandoned(part, i, word);
	}
	__atomic_store_n(&part->slab->n_held, held, __ATOMIC_RELAXED);
	slab_pages_hint_all(part);
}

void slab_recover(struct km_pool *pool, uint32_t slot)
{
	struct slab_part *part = slab_part_of(pool);
	struct pool_slot *dead = pool_at(pool, pool->slots);
	uint64_t all;

	if (part == NULL || slot == part->slot)
		return;
	slab_settle_size(pool);
	all = slab_n_pages(part->slab);
	dead += slot;
	__atomic_store_n(&dead->busy, 0, __ATOMIC_RELEASE);
	slab_take_from_dead(part, slot);
	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1))
		settle_head(part, i, slot);
	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1))
		settle_tail(part, i, slot);
	part->dead = part->slot;
	/* His own unit is no longer in his way. */
	__atomic_store_n(&dead->claim, 0, __ATOMIC_RELEASE);
	slab_unit_sweep(part);
	raise_all(part);
}
