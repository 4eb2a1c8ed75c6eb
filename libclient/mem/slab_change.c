/* SPDX-License-Identifier: ISC */
/* slab_change.c - a block changes hands, or is freed if it is still theirs. */
#include "config.h"

#include "mem/slab_part.h"

static bool is_held(uint64_t tag, const struct holding *from)
{
	return from == NULL || (slab_tag_owner(tag) == from->slot &&
				   slab_tag_state(tag) == from->state);
}

static uint64_t held_as(uint64_t tag, uint32_t slot, enum block_state state)
{
	tag &= ~(SLAB_OWNER_MASK << SLAB_OWNER_SHIFT | SLAB_STATE_MASK
							   << SLAB_STATE_SHIFT);
	return tag | (uint64_t)slot << SLAB_OWNER_SHIFT |
	       (uint64_t)state << SLAB_STATE_SHIFT;
}

static bool cas(uint64_t *tag, uint64_t *from, uint64_t to)
{
	return __atomic_compare_exchange_n(
	    tag, from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE);
}

/* One CAS. A kill behind one that frees loses the hint, no block. */
static bool change_block(struct slab_part *part, const struct slab_found *found,
    const struct holding *from, const struct holding *to, uint32_t site)
{
	uint64_t old, new, *tag = slab_tag_of(part, found, &old);

	do {
		if ((old & SLAB_LIVE) == 0 || !is_held(old, from))
			return false;
		new = to->state == BLOCK_FREE
			  ? slab_tag_free(old, site)
			  : held_as(old, to->slot, to->state);
	} while (!cas(tag, &old, new));
	if (to->state == BLOCK_FREE)
		slab_span_hint(slab_side(part, found->page),
		    found->index >> found->class->shift);
	return true;
}

/*
 * Free a run of which `tag` says that it is theirs. Another may free it, and
 * the pages become a run of a third, between a look at the tag and the CAS of
 * the word: so the tag is made mine first, which fails then. A kill behind that
 * leaves a block of the dead in the state FREEING, which the supervisor frees
 * as one that the dead owned. What is PENDING or FREEING is one participant's
 * business from beginning to end.
 */
static bool free_run(
    struct slab_part *part, struct slab_page *page, uint64_t tag, uint32_t site)
{
	uint64_t word = slab_load(page);
	uint64_t mine = held_as(tag, part->slot, BLOCK_FREEING);
	uint64_t *at = &page->tag;

	if (slab_tag_state(tag) < BLOCK_PENDING && !cas(at, &tag, mine))
		return false;
	if (slab_kind(word) != SLAB_HEAD ||
	    !slab_cas(page, word, slab_dying(part->slot, slab_word_n(word))))
		return false;
	slab_set_more(page, slab_tag_free(tag, site));
	slab_pages_release(part, slab_number(part, page), slab_word_n(word));
	return true;
}

static bool change_run(struct slab_part *part, struct slab_page *page,
    const struct holding *from, const struct holding *to, uint32_t site)
{
	uint64_t *at = &page->tag;
	uint64_t tag = __atomic_load_n(at, __ATOMIC_ACQUIRE);

	if (slab_kind(slab_load(page)) != SLAB_HEAD || !is_held(tag, from))
		return false;
	if (to->state == BLOCK_FREE)
		return free_run(part, page, tag, site);
	return cas(at, &tag, held_as(tag, to->slot, to->state));
}

bool slab_change(struct km_pool *pool, void *p, const struct holding *from,
    const struct holding *to, uint32_t site)
{
	struct slab_part *part = slab_part_of(pool);
	struct slab_found found;
	struct misuse misuse;
	bool is_from = false;

	if (part == NULL)
		return false;
	if (slab_find(part, p, &found, &misuse) != 0)
		is_from = false;
	else if (found.class != NULL)
		is_from = change_block(part, &found, from, to, site);
	else if (p == slab_addr(part, found.page))
		is_from = change_run(part, found.page, from, to, site);
	slab_part_done(part);
	return is_from;
}
