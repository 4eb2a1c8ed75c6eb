/* SPDX-License-Identifier: ISC */
/* slab_sums.c - the accounts of a slab pool: sums of a walk over its pages. */
#include "config.h"

#include "base/err.h"
#include "mem/slab_part.h"
#include "mem/slab_read.h"
#include "mem/slab_view.h"

/* Sums of a walk over the page table. */
struct sums {
	uint64_t n_free;  /* pages */
	uint64_t in_row;  /* of these, in a row up to here */
	uint64_t longest; /* row */
	uint64_t largest; /* free block in a span, bytes */
	struct km_mem_info *info;
};

/* Returns its pages, or < 0: nothing of it has been added. */
static int64_t sum_span(struct view *view, const struct slab_tables *t,
    const struct slab_place *place, struct sums *sums)
{
	uint64_t tags[SLAB_PAGE / SLAB_GRAIN];
	const struct slab_class *c = slab_span_class(t, place);
	uint64_t used = 0, live = 0;

	if (c == NULL)
		return slab_is_still(view, t, place) ? -KM_ECORRUPT : -KM_EBUSY;
	if (!slab_read_tags(view, t, place, 0, c->n_blocks, tags))
		return -KM_EBUSY;
	for (unsigned i = 0; i < c->n_blocks; i++) {
		if ((tags[i] & SLAB_LIVE) == 0)
			continue;
		if (slab_tag_slack(tags[i]) > c->size)
			return -KM_ECORRUPT;
		used += c->size - slab_tag_slack(tags[i]);
		live++;
	}
	if (live < c->n_blocks && c->size > sums->largest)
		sums->largest = c->size;
	sums->info->used += used;
	sums->info->blocks += live;
	sums->info->counted += live * (c->size + sizeof(uint64_t));
	return c->n_pages;
}

static int64_t sum_run(struct view *view, const struct slab_tables *t,
    const struct slab_place *place, struct sums *sums)
{
	uint64_t n = slab_word_n(place->row.word), tag;

	if (n == 0 || n > t->max_pages - place->number)
		return -KM_ECORRUPT;
	if (!slab_read_run_tag(view, t, place, &tag))
		return -KM_EBUSY;
	sums->info->used += slab_run_size(n, tag);
	sums->info->counted += n << SLAB_PAGE_SHIFT;
	sums->info->blocks++;
	return (int64_t)n;
}

static void sum_free(struct sums *sums, uint64_t n)
{
	sums->info->fragments += sums->in_row == 0;
	sums->n_free += n;
	sums->in_row += n;
	if (sums->in_row > sums->longest)
		sums->longest = sums->in_row;
}

/* What is at a page, once. Returns its pages, or < 0. */
static int64_t sum_place(struct view *view, const struct slab_tables *t,
    const struct slab_place *place, struct sums *sums)
{
	if (slab_kind(place->row.word) == SLAB_FREE) {
		sum_free(sums, 1);
		return 1;
	}
	sums->in_row = 0;
	if (slab_kind(place->row.word) == SLAB_HEAD)
		return sum_run(view, t, place, sums);
	return slab_is_span(place->row.word) ? sum_span(view, t, place, sums)
					     : 1;
}

/*
 * A span or run counts with all its pages as they were when its head was read,
 * whatever they are by now: so what is used is never more than what is held.
 */
static int64_t sum_at(struct view *view, const struct slab_tables *t,
    uint64_t number, struct sums *sums)
{
	uint64_t untouched = slab_read_untouched(view, t, number);
	struct slab_place place;
	int64_t n = -KM_EBUSY;

	if (untouched > 0) {
		sum_free(sums, untouched);
		return (int64_t)untouched;
	}
	for (int i = 0; i < SLAB_TRIES_MAX && n == -KM_EBUSY; i++)
		n = slab_read_row(view, t, number, &place) == 0
			? sum_place(view, t, &place, sums)
			: -KM_ECORRUPT;
	return n;
}

/* Of [at, n_pages). Returns where it has ended, or < 0. */
static int64_t sum_pages(struct view *view, const struct slab_tables *t,
    uint64_t at, struct sums *sums)
{
	int64_t n;

	while (at < t->n_pages) {
		n = sum_at(view, t, at, sums);
		if (n < 0)
			return n;
		at += (uint64_t)n;
	}
	return (int64_t)at;
}

/* Of pages in a row: as a run, or as a span of the largest blocks that fit. */
static size_t largest_in(uint64_t n_pages)
{
	size_t size = 0;

	if (n_pages << SLAB_PAGE_SHIFT > SLAB_MAX)
		return n_pages << SLAB_PAGE_SHIFT;
	for (unsigned i = 0; i < SLAB_N_CLASSES; i++)
		if (slab_class[i].n_pages <= n_pages)
			size = slab_class[i].size;
	return size;
}

/*
 * Bytes before page 0.  Of a pool that is one process's own, rows of pages that
 * it may yet grow by are address space, no memory, and it may be a lot.
 */
static uint64_t metadata(
    const struct km_pool *pool, const struct slab_tables *t)
{
	uint64_t rows = t->n_pages * SLAB_ROW_BYTES;
	uint64_t groups = (t->n_pages + SLAB_GROUP - 1) / SLAB_GROUP;

	/* Under what a table ends with, where they are as large as can be. */
	if (pool->kind == KM_PKG && t->n_pages < t->max_pages)
		return t->pages + rows + 2 * groups;
	return t->data;
}

static void finish(
    const struct slab_tables *t, uint64_t meta, struct sums *sums)
{
	uint64_t held = t->n_pages - sums->n_free;
	uint64_t at_end = sums->in_row + t->max_pages - t->n_pages;
	struct km_mem_info *info = sums->info;

	if (held < t->max_held)
		held = t->max_held < t->n_pages ? t->max_held : t->n_pages;
	info->total = meta + (t->n_pages << SLAB_PAGE_SHIFT);
	info->free = sums->n_free << SLAB_PAGE_SHIFT;
	info->real_used = info->total - info->free;
	info->max_used = meta + (held << SLAB_PAGE_SHIFT);
	info->counted += meta;
	/* The pool grows if need be. */
	info->largest =
	    largest_in(at_end > sums->longest ? at_end : sums->longest);
	if (sums->largest > info->largest)
		info->largest = sums->largest;
}

int slab_view_info(struct view *view, struct km_mem_info *info)
{
	struct sums sums = { .info = info };
	struct slab_tables t;
	int64_t at = 0;
	int rc = slab_read_tables(view, &t);

	*info = (struct km_mem_info){ 0 };
	while (rc == 0 && (uint64_t)at < t.n_pages) {
		at = sum_pages(view, &t, (uint64_t)at, &sums);
		if (at < 0)
			return (int)at;
		/* It may have grown meanwhile. */
		rc = slab_read_tables(view, &t);
	}
	if (rc == 0 && (uint64_t)at > t.n_pages)
		rc = -KM_ECORRUPT;
	if (rc == 0)
		finish(&t, metadata(view_header(view), &t), &sums);
	return rc;
}
