/* SPDX-License-Identifier: ISC */
/* slab_take.c - takeover: one operation for adoption, recovery and trimming. */
#include "config.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mem/slab_part.h"

#define NEAR 512u /* pages: so far from where one was is looked for more */

/* Whether anybody else announces it at this moment. */
static bool is_busy(const struct slab_part *part, const struct slab_page *page)
{
	const struct pool_slot *slot = pool_at(part->pool, part->pool->slots);
	uint32_t last =
	    __atomic_load_n(&part->slab->max_slot, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i <= last && i < part->pool->n_slots; i++)
		if (i != part->slot && __atomic_load_n(&slot[i].busy,
					   __ATOMIC_ACQUIRE) == (uintptr_t)page)
			return true;
	return false;
}

/*
 * Every thread of every registered process passes a full barrier: who had
 * announced before is seen by is_busy(), who has not sees the new page word.
 * Where the kernel has no membarrier, each announcement has a fence.
 */
static bool barrier(const struct slab_part *part)
{
	return !part->has_membarrier ||
	       syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) ==
		   0;
}

/*
 * Whether somebody may have announced it and not be seen.  Before a span became
 * ABAND there was a barrier; and one behind the death that is being recovered.
 * That its owner is dead says nothing: the one before may still be in it.
 */
static bool needs_barrier(const struct slab_part *part, uint64_t word)
{
	return slab_kind(word) != SLAB_ABAND &&
	       slab_word_slot(word) != part->dead;
}

/* Nobody can come after this. */
void slab_take_from_dead(struct slab_part *part, uint32_t slot)
{
	part->dead = barrier(part) ? slot : part->slot;
}

/*
 * A kill behind the first CAS leaves a span of the dead taker, one behind the
 * second a span without an owner: both are found by the next taker.
 */
bool slab_take(struct slab_part *part, struct slab_page *page, uint64_t word)
{
	uint64_t mine = slab_owned(word, SLAB_SPAN, part->slot), back = word;
	bool alone = false;

	slab_announce_any(part, page);
	if (slab_cas(page, word, mine)) {
		if (!needs_barrier(part, word) || barrier(part)) {
			alone = !is_busy(part, page);
			/* Its user goes on as announced; nobody owns it. */
			back = slab_owned(word, SLAB_ABAND, 0);
		}
		if (alone)
			slab_span_raise(slab_side(part, page));
		else
			slab_cas(page, mine, back);
	}
	slab_done(part->busy);
	return alone;
}

void slab_abandon(struct slab_part *part, struct slab_page *page)
{
	uint64_t word = slab_load(page);
	unsigned class = slab_word_class(word);

	if ((word & SLAB_MINE_MASK) != part->mine || class >= SLAB_N_CLASSES)
		return;
	if (slab_cas(page, word, slab_owned(word, SLAB_ABAND, 0)))
		__atomic_store_n(&part->slab->aband[class],
		    slab_number(part, page) + 1, __ATOMIC_RELEASE);
}

static struct slab_page *find_in(struct slab_part *part, enum slab_kind kind,
    unsigned class, uint64_t from, uint64_t end)
{
	for (uint64_t i = slab_next_page(part, from); i < end;
	     i = slab_next_page(part, i + 1)) {
		struct slab_page *page = &part->pages[i];
		uint64_t word = slab_load(page);

		if (slab_kind(word) == (unsigned)kind &&
		    slab_word_class(word) == class &&
		    (word & SLAB_MINE_MASK) != part->mine &&
		    slab_span_has_free(part, page) &&
		    slab_take(part, page, word))
			return page;
	}
	return NULL;
}

static struct slab_page *find(
    struct slab_part *part, enum slab_kind kind, unsigned class)
{
	return find_in(part, kind, class, 0, slab_n_pages(part->slab));
}

/* Others are near, if anywhere; those that are not, slab_take_partial() finds.
 */
struct slab_page *slab_take_orphan(struct slab_part *part, unsigned class)
{
	uint32_t *hint = &part->slab->aband[class], none = 0;
	uint64_t at = __atomic_load_n(hint, __ATOMIC_RELAXED);
	uint64_t all = slab_n_pages(part->slab);
	struct slab_page *page;

	if (at == 0 || at > all)
		return NULL;
	/* Down before the search, so that one put up meanwhile stays. */
	__atomic_store_n(hint, 0, __ATOMIC_SEQ_CST);
	page = find_in(part, SLAB_ABAND, class, at > NEAR ? at - NEAR : 0,
	    at + NEAR < all ? at + NEAR : all);
	if (page != NULL)
		__atomic_compare_exchange_n(hint, &none,
		    slab_number(part, page) + 1, false, __ATOMIC_RELEASE,
		    __ATOMIC_RELAXED);
	return page;
}

struct slab_page *slab_take_partial(struct slab_part *part, unsigned class)
{
	struct slab_page *page = find(part, SLAB_ABAND, class);

	return page != NULL ? page : find(part, SLAB_SPAN, class);
}

/* Mine, or taken for it; then given back. */
void slab_give_back(struct slab_part *part, struct slab_page *page)
{
	uint64_t word = slab_load(page);
	bool is_mine = (word & SLAB_MINE_MASK) == part->mine;

	if ((slab_kind(word) != SLAB_SPAN && slab_kind(word) != SLAB_ABAND) ||
	    !slab_span_is_empty(part, page) ||
	    (!is_mine && !slab_take(part, page, word)))
		return;
	/* One of its blocks may have come to life while it was taken. */
	if (!slab_span_return(part, page) && !is_mine)
		slab_abandon(part, page);
}

void slab_take_empty(struct slab_part *part)
{
	uint64_t all = slab_n_pages(part->slab);

	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1))
		slab_give_back(part, &part->pages[i]);
	slab_unit_trim(part);
}
