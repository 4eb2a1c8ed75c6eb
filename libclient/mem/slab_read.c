/* SPDX-License-Identifier: ISC */
/* slab_read.c - reading a slab pool from outside: tables, rows, tags. */
#include "config.h"

#include "base/err.h"
#include "mem/slab_part.h"
#include "mem/slab_read.h"

int slab_read_tables(struct view *view, struct slab_tables *t)
{
	const struct km_pool *pool = view_header(view);
	struct slab slab;

	if (view_read(view, pool->data.bytes, &slab, sizeof(slab)) != 0)
		return -KM_ECORRUPT;
	slab_classes_init();
	*t = (struct slab_tables){
		.pages = slab.pages.bytes,
		.touched = slab.touched.bytes,
		.data = slab.data.bytes,
		.n_pages = slab.n_pages,
		.max_pages = slab.max_pages,
		.max_held = slab.max_held,
		.has_guard = slab.has_guard != 0,
	};
	if (t->data > pool->max_size || t->pages > t->data ||
	    t->n_pages > t->max_pages ||
	    t->max_pages > (pool->max_size - t->data) / SLAB_PAGE ||
	    t->max_pages > (t->data - t->pages) / sizeof(struct slab_page) ||
	    t->touched > t->data ||
	    t->max_pages / SLAB_GROUP >= t->data - t->touched)
		return -KM_ECORRUPT;
	return 0;
}

int slab_read_row(struct view *view, const struct slab_tables *t,
    uint64_t number, struct slab_place *place)
{
	place->number = number;
	place->off = t->data + (number << SLAB_PAGE_SHIFT);
	return view_read(view, t->pages + number * sizeof(struct slab_page),
		   &place->row, sizeof(place->row)) == 0
		   ? 0
		   : -KM_ECORRUPT;
}

uint64_t slab_read_untouched(
    struct view *view, const struct slab_tables *t, uint64_t number)
{
	uint64_t end = number;
	uint8_t touched = 1;

	if (number % SLAB_GROUP != 0)
		return 0;
	while (end < t->n_pages &&
	       view_read(view, t->touched + end / SLAB_GROUP, &touched,
		   sizeof(touched)) == 0 &&
	       touched == 0)
		end += SLAB_GROUP;
	return (end < t->n_pages ? end : t->n_pages) - number;
}

bool slab_is_span(uint64_t word)
{
	return slab_kind(word) == SLAB_SPAN || slab_kind(word) == SLAB_ABAND;
}

/* The same life of the same span, whoever has it now. */
static bool is_same(uint64_t a, uint64_t b)
{
	if (slab_is_span(a) && slab_is_span(b))
		return ((a ^ b) & ~SLAB_MINE_MASK) == 0;
	return a == b;
}

const struct slab_class *slab_span_class(
    const struct slab_tables *t, const struct slab_place *place)
{
	unsigned class = slab_word_class(place->row.word);
	const struct slab_class *c = &slab_class[class];

	if (class >= SLAB_N_CLASSES ||
	    !slab_unit_is_in(place->row.unit, c->n_blocks,
		t->max_pages << SLAB_PAGE_SHIFT) ||
	    c->n_pages > t->max_pages - place->number)
		return NULL;
	return c;
}

bool slab_is_still(struct view *view, const struct slab_tables *t,
    const struct slab_place *place)
{
	struct slab_place again;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return slab_read_row(view, t, place->number, &again) == 0 &&
	       is_same(again.row.word, place->row.word) &&
	       again.row.was == place->row.was;
}

/* Read with the row. */
bool slab_read_run_tag(struct view *view, const struct slab_tables *t,
    const struct slab_place *place, uint64_t *tag)
{
	*tag = place->row.tag;
	return slab_is_still(view, t, place) && (*tag & SLAB_LIVE) == 0;
}

bool slab_read_tags(struct view *view, const struct slab_tables *t,
    const struct slab_place *place, unsigned first, unsigned n, uint64_t *tags)
{
	uint64_t off =
	    t->data + slab_unit_off(place->row.unit) + first * sizeof(*tags);

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return view_read(view, off, tags, n * sizeof(*tags)) == 0 &&
	       slab_is_still(view, t, place);
}
