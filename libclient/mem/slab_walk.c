/* SPDX-License-Identifier: ISC */
/* slab_walk.c - the blocks of a slab pool, one after the other, from outside.
 */
#include "config.h"

#include "base/err.h"
#include "mem/slab_guard.h"
#include "mem/slab_read.h"
#include "mem/slab_view.h"

#define TAGS_READ 8 /* at a time: a cache line */

/* ---- a walk ------------------------------------------------------------- */

static void fill(struct view *view, struct view_block *block, uint64_t off,
    size_t room, uint64_t tag)
{
	uint32_t age = (view_now(view) - slab_tag_epoch(tag)) & SLAB_EPOCH_MASK;

	*block = (struct view_block){
		.addr = view_header(view)->base + off,
		.size = room - slab_tag_slack(tag),
		.room = room,
		.site = slab_tag_site(tag),
		.owner = slab_tag_owner(tag),
		.state = slab_tag_state(tag),
		/* Ahead of us: stamped since the view was opened. */
		.age =
		    age > SLAB_EPOCH_MASK / 2 + SLAB_EPOCH_MASK / 4 ? 0 : age,
	};
}

/* The first live one of n tags; n: there is none. */
static unsigned first_live(const uint64_t *tags, unsigned n)
{
	unsigned i = 0;

	while (i < n && (tags[i] & SLAB_LIVE) == 0)
		i++;
	return i;
}

/*
 * The next live block of a span from walk->next on. 1: *block; 0: there is
 * none, walk->next is behind it; -KM_EBUSY: it changed; -KM_ECORRUPT.
 */
static int walk_span(struct view *view, const struct slab_tables *t,
    const struct slab_place *place, struct view_walk *walk,
    struct view_block *block)
{
	const struct slab_class *c = slab_span_class(t, place);
	uint64_t tags[TAGS_READ];
	unsigned i, k, n;

	if (c == NULL)
		return slab_is_still(view, t, place) ? -KM_ECORRUPT : -KM_EBUSY;
	i = (unsigned)((walk->next - place->off + c->size - 1) / c->size);
	for (; i < c->n_blocks; i += n) {
		n = c->n_blocks - i < TAGS_READ ? c->n_blocks - i : TAGS_READ;
		if (!slab_read_tags(view, t, place, i, n, tags))
			return -KM_EBUSY;
		k = first_live(tags, n);
		if (k == n)
			continue;
		if (slab_tag_slack(tags[k]) > c->size)
			return -KM_ECORRUPT;
		i += k;
		fill(view, block, place->off + (uint64_t)i * c->size, c->size,
		    tags[k]);
		walk->next = place->off + (uint64_t)(i + 1) * c->size;
		return 1;
	}
	walk->next = place->off + ((uint64_t)c->n_pages << SLAB_PAGE_SHIFT);
	return 0;
}

static int walk_run(struct view *view, const struct slab_tables *t,
    const struct slab_place *place, struct view_walk *walk,
    struct view_block *block)
{
	uint64_t n = slab_word_n(place->row.word);
	uint64_t tag;

	if (n == 0 || n > t->max_pages - place->number)
		return -KM_ECORRUPT;
	/* Begun in the middle of it: it was reported, or is not asked for. */
	if (walk->next > place->off) {
		walk->next = place->off + (n << SLAB_PAGE_SHIFT);
		return 0;
	}
	if (!slab_read_run_tag(view, t, place, &tag))
		return -KM_EBUSY;
	fill(view, block, place->off, n << SLAB_PAGE_SHIFT, tag);
	walk->next = place->off + (n << SLAB_PAGE_SHIFT);
	return 1;
}

/* Free pages in a row are one free fragment. */
static int walk_free(struct view *view, const struct slab_tables *t,
    const struct slab_place *place, struct view_walk *walk,
    struct view_block *block)
{
	struct slab_place next = *place;
	uint64_t n;

	for (next.number++; next.number < t->n_pages; next.number += n) {
		n = slab_read_untouched(view, t, next.number);
		if (n > 0)
			continue;
		if (slab_read_row(view, t, next.number, &next) != 0 ||
		    slab_kind(next.row.word) != SLAB_FREE)
			break;
		n = 1;
	}
	walk->next = t->data + (next.number << SLAB_PAGE_SHIFT);
	*block = (struct view_block){
		.addr = view_header(view)->base + place->off,
		.room = walk->next - place->off,
		.is_free = true,
	};
	return walk->with_free ? 1 : 0;
}

static int walk_place(struct view *view, const struct slab_tables *t,
    const struct slab_place *place, struct view_walk *walk,
    struct view_block *block)
{
	switch (slab_kind(place->row.word)) {
	case SLAB_SPAN:
	case SLAB_ABAND:
		return walk_span(view, t, place, walk, block);
	case SLAB_HEAD:
		return walk_run(view, t, place, walk, block);
	case SLAB_FREE:
		return walk_free(view, t, place, walk, block);
	default: /* no block begins there */
		if (slab_kind(place->row.word) >= SLAB_KIND__COUNT)
			return -KM_ECORRUPT;
		walk->next = place->off + SLAB_PAGE;
		return 0;
	}
}

/*
 * The page that walk->next is in, or the first of the span or run that it is
 * in.  A page of a span that has gone meanwhile leads nowhere: then the page
 * itself.
 */
static int find_place(struct view *view, const struct slab_tables *t,
    const struct view_walk *walk, struct slab_place *place)
{
	uint64_t number = (walk->next - t->data) >> SLAB_PAGE_SHIFT, head;
	struct slab_place first;
	const struct slab_class *c;

	if (slab_read_row(view, t, number, place) != 0)
		return -KM_ECORRUPT;
	head = slab_word_head(place->row.word);
	if (slab_kind(place->row.word) != SLAB_CONT || head >= number)
		return 0;
	if (slab_read_row(view, t, head, &first) != 0)
		return -KM_ECORRUPT;
	c = slab_is_span(first.row.word) ? slab_span_class(t, &first) : NULL;
	if ((c != NULL && head + c->n_pages > number) ||
	    (slab_kind(first.row.word) == SLAB_HEAD &&
		head + slab_word_n(first.row.word) > number))
		*place = first;
	return 0;
}

int slab_walk(
    struct view *view, struct view_walk *walk, struct view_block *block)
{
	struct slab_tables t;
	struct slab_place place;
	uint32_t steps = 0;
	int rc = slab_read_tables(view, &t);

	if (rc != 0)
		return rc;
	if (walk->next < t.data)
		walk->next = t.data;
	walk->retries = 0;
	while (walk->next < t.data + (t.n_pages << SLAB_PAGE_SHIFT)) {
		if (walk->patience > 0 && steps++ == walk->patience)
			return -KM_EBUSY;
		rc = find_place(view, &t, walk, &place);
		if (rc == 0)
			rc = walk_place(view, &t, &place, walk, block);
		if (rc == -KM_EBUSY && walk->retries++ < SLAB_TRIES_MAX)
			continue;
		if (rc == 1 || rc < 0)
			return rc == -KM_EBUSY ? -KM_ECORRUPT : rc;
	}
	return 0;
}

/* Behind damage: with the next page. */
int slab_resync(struct view *view, struct view_walk *walk)
{
	struct slab_tables t;

	if (slab_read_tables(view, &t) != 0)
		return 0;
	if (walk->next < t.data)
		walk->next = t.data;
	walk->next += SLAB_PAGE - (walk->next - t.data) % SLAB_PAGE;
	return walk->next < t.data + (t.n_pages << SLAB_PAGE_SHIFT);
}

/* Metadata are away from the data, and there are no guards behind a block. */
/* The tag of the live block there; 0: there is none. */
static uint64_t tag_at(
    struct view *view, const struct slab_tables *t, uint64_t off)
{
	struct view_walk walk = { .next = off };
	const struct slab_class *c;
	struct slab_place place;
	uint64_t tag;

	if (off < t->data || find_place(view, t, &walk, &place) != 0)
		return 0;
	if (slab_kind(place.row.word) == SLAB_HEAD)
		return place.off == off &&
			       slab_read_run_tag(view, t, &place, &tag)
			   ? tag
			   : 0;
	c = slab_is_span(place.row.word) ? slab_span_class(t, &place) : NULL;
	if (c == NULL || (off - place.off) / c->size >= c->n_blocks ||
	    !slab_read_tags(view, t, &place,
		(unsigned)((off - place.off) / c->size), 1, &tag))
		return 0;
	return (tag & SLAB_LIVE) != 0 ? tag : 0;
}

/* Whether the guard that belongs to a tag read before it is damaged. */
static bool is_damaged(struct view *view, const struct view_block *block,
    unsigned char *guard, size_t n)
{
	uint64_t off = block->addr - view_header(view)->base;

	return view_read(view, off + block->size, guard, n) == 0 &&
	       !slab_guard_is_good(guard, n);
}

/*
 * Its owner may have freed or resized the block meanwhile, and then the bytes
 * prove nothing: so tag, guard, tag.
 */
int slab_inspect(
    struct view *view, const struct view_block *block, struct misuse *finding)
{
	uint64_t off = block->addr - view_header(view)->base, tag;
	unsigned char guard[SLAB_GUARD_SIZE];
	struct slab_tables t;
	size_t n;

	if (block->is_free || block->size > block->room ||
	    slab_read_tables(view, &t) != 0 || !t.has_guard)
		return 0;
	n = slab_guard_size(block->size, block->room);
	tag = tag_at(view, &t, off);
	if (tag == 0 || block->room - slab_tag_slack(tag) != block->size ||
	    !is_damaged(view, block, guard, n) || tag_at(view, &t, off) != tag)
		return 0;
	*finding = (struct misuse){
		.kind = MISUSE_TAIL,
		.block = (const void *)(uintptr_t)block->addr,
		.size = block->size,
		.site = block->site,
	};
	misuse_show_found(finding, guard, n, (int64_t)block->size);
	return 1;
}
