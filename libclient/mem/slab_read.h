/* SPDX-License-Identifier: ISC */
/* slab_read.h - what a view reads of a slab pool: tables, rows, tags. */
#ifndef KMEM_MEM_SLAB_READ_H
#define KMEM_MEM_SLAB_READ_H
/*
 * Nothing that is read is trusted: what is used as a number of something in the
 * pool has been checked here.
 *
 * Concurrency: as view.h.
 */
#include "mem/slab.h"
#include "mem/view.h"

#define SLAB_TRIES_MAX 1000 /* at one span that changes all the time */

/* What a view needs of the pool's tables, checked. */
struct slab_tables {
	uint64_t pages, touched, data; /* offsets in the pool */
	uint64_t n_pages;	       /* in use; it may grow meanwhile ... */
	uint64_t max_pages;	       /* ... up to this */
	uint64_t max_held;
	bool has_guard;
};

/* One page, as read; and where it is. */
struct slab_place {
	uint64_t number;
	uint64_t off; /* in the pool */
	struct slab_page row;
};

/* Returns 0 or -KM_ECORRUPT, both. */
int slab_read_tables(struct view *view, struct slab_tables *t);
int slab_read_row(struct view *view, const struct slab_tables *t,
    uint64_t number, struct slab_place *place);

/*
 * Pages from `number` on, of which the first begins a group, that were never
 * claimed: they are free.
 */
uint64_t slab_read_untouched(
    struct view *view, const struct slab_tables *t, uint64_t number);

bool slab_is_span(uint64_t word);

/* The class of a span whose numbers make sense; NULL: they do not. */
const struct slab_class *slab_span_class(
    const struct slab_tables *t, const struct slab_place *place);

/* Whether the row says what it did: then what was read meanwhile is its. */
bool slab_is_still(struct view *view, const struct slab_tables *t,
    const struct slab_place *place);

/* The tag of a run. False: it changed meanwhile. */
bool slab_read_run_tag(struct view *view, const struct slab_tables *t,
    const struct slab_place *place, uint64_t *tag);

/* Tags from `first` on. False: the span changed meanwhile. */
bool slab_read_tags(struct view *view, const struct slab_tables *t,
    const struct slab_place *place, unsigned first, unsigned n, uint64_t *tags);

#endif
