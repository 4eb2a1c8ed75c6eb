/* SPDX-License-Identifier: ISC */
/* slab_ring.c - where a participant finds free blocks: its rings of spans. */
#include "config.h"

#include "mem/slab_part.h"
#include "mem/slot.h"

/*
 * The spans of each class are in a ring.  `hand` is the page before the one
 * to look at, so that this one can be taken out.  A span that was taken away
 * stays in until the hand comes to it.
 */
#define LOOK_MAX 32 /* spans looked at before a new one is claimed */

static struct slab_page *next_of(struct slab_part *part, struct slab_bin *bin)
{
	return &part->pages[part->link[bin->hand].next];
}

static void take_out_next(struct slab_part *part, struct slab_bin *bin)
{
	uint32_t at = part->link[bin->hand].next;

	part->link[bin->hand].next = part->link[at].next;
	part->link[at].class = 0;
	bin->count--;
}

/* Out of the ring of the class it had before. */
static void take_out(struct slab_part *part, uint32_t number)
{
	struct slab_bin *bin = &part->bin[part->link[number].class - 1];

	for (uint32_t i = bin->count; i > 0; i--) {
		if (part->link[bin->hand].next == number) {
			take_out_next(part, bin);
			return;
		}
		bin->hand = part->link[bin->hand].next;
	}
}

/* Hints to a page that begins a new life: their tags are elsewhere now. */
static void purge(struct slab_bin *bin, const struct slab_page *page)
{
	struct slab_hint *to = bin->base;

	for (struct slab_hint *h = bin->base; h < bin->top; h++)
		if (h->page != page)
			*to++ = *h;
	bin->top = to;
}

void slab_ring_add(
    struct slab_part *part, struct slab_page *page, unsigned class)
{
	uint32_t number = slab_number(part, page);
	struct slab_bin *bin = &part->bin[class];
	struct slab_link *link = &part->link[number];

	purge(bin, page);
	/* Those that are lent as well. */
	for (unsigned i = 0; i < class; i++)
		if (part->loan[i].mine == bin->mine)
			purge(&part->loan[i], page);
	if (link->class != 0)
		take_out(part, number);
	if (bin->count == 0)
		bin->hand = number;
	else
		link->next = part->link[bin->hand].next;
	part->link[bin->hand].next = number;
	link->class = (uint8_t)(class + 1);
	link->out = 0;
	bin->count++;
}

/* Look at so many spans of the ring for blocks. */
static bool collect_from_ring(
    struct slab_part *part, unsigned class, uint32_t most)
{
	struct slab_bin *bin = &part->bin[class];

	for (; most > 0 && bin->count > 0; most--) {
		struct slab_page *page = next_of(part, bin);

		if ((uint32_t)slab_load(page) != bin->mine) {
			take_out_next(part, bin);
			continue;
		}
		bin->hand = slab_number(part, page);
		if (slab_hints(slab_side(part, page)) != 0 &&
		    slab_span_collect(part, page, class) > 0)
			return true;
	}
	return false;
}

static bool collect_from_new(
    struct slab_part *part, unsigned class, struct slab_page *page)
{
	if (page == NULL)
		return false;
	slab_ring_add(part, page, class);
	return slab_span_collect(part, page, class) > 0;
}

/* Hints may have been lost: put up those of spans that have free blocks. */
static bool raise_ring(struct slab_part *part, unsigned class)
{
	struct slab_bin *bin = &part->bin[class];
	uint32_t at = bin->hand;
	bool some = false;

	for (uint32_t i = bin->count; i > 0; i--) {
		struct slab_page *page = &part->pages[at];

		if (slab_span_has_free(part, page)) {
			slab_span_raise(slab_side(part, page));
			some = true;
		}
		at = part->link[at].next;
	}
	return some;
}

/* When there are no free pages: the whole ring, others' spans, empty ones. */
static bool scrape(struct slab_part *part, unsigned class)
{
	uint32_t all = part->bin[class].count;

	if (part->pool->kind == KM_PKG)
		slot_settle(part->pool);
	if (collect_from_ring(part, class, all))
		return true;
	slab_take_empty(part);
	if (collect_from_new(part, class, slab_span_claim_last(part, class)))
		return true;
	if (collect_from_new(part, class, slab_take_partial(part, class)))
		return true;
	if (raise_ring(part, class) && collect_from_ring(part, class, all))
		return true;
	while (slab_grow(part, slab_class[class].n_pages))
		if (collect_from_new(part, class, slab_span_claim(part, class)))
			return true;
	return false;
}

bool slab_collect(struct slab_part *part, unsigned class)
{
	const struct slab_bin *bin = &part->bin[class];

	slab_bin_open(part, class);
	/* Some may have been freed while it had a loan. */
	return bin->top != bin->base ||
	       collect_from_ring(part, class, LOOK_MAX) ||
	       collect_from_new(part, class, slab_take_orphan(part, class));
}

bool slab_refill(struct slab_part *part, unsigned class)
{
	part->bin[class].loans = 0;
	return collect_from_new(part, class, slab_span_claim(part, class)) ||
	       scrape(part, class);
}

/* The hint's block is known to be free to everybody now, by its group. */
static void let_go(struct slab_part *part, const struct slab_class *c,
    const struct slab_hint *h)
{
	uint32_t off = (uint32_t)((char *)h->addr - slab_addr(part, h->page));
	unsigned index = (unsigned)((uint64_t)off * c->inverse >> 32);
	struct slab_link *link = &part->link[slab_number(part, h->page)];

	__atomic_store_n(&slab_side(part, h->page)->hint[index >> c->shift], 1,
	    __ATOMIC_RELEASE);
	if (link->out > 0)
		link->out--;
	/* Perhaps nothing of it is in use any more. */
	if (link->out == 0 && part->bin[c - slab_class].count > 1)
		slab_span_return(part, h->page);
}

/* The older half goes. */
void slab_spill(struct slab_part *part, unsigned class)
{
	struct slab_bin *bin = &part->bin[class];
	size_t n = (size_t)(bin->limit - bin->base) / 2;
	struct slab_hint *h;

	for (h = bin->base; h < bin->base + n; h++)
		if ((uint32_t)slab_load(h->page) == bin->mine)
			let_go(part, &slab_class[class], h);
	for (struct slab_hint *to = bin->base; h < bin->top;)
		*to++ = *h++;
	bin->top -= n;
}
