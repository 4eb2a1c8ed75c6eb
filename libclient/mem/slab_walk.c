/* SPDX-License-Identifier: ISC */
/* slab_walk.c - reading a slab pool from outside, trusting nothing. */
#include "config.h"

#include "base/err.h"
#include "mem/slab_part.h"
#include "mem/slab_view.h"

#define TRIES_MAX 1000 /* at one span that changes all the time */
#define TAGS_READ 8    /* at a time: a cache line */

/* What a view needs of the pool's tables, checked. */
struct tables {
	uint64_t pages, data; /* offsets in the pool */
	uint64_t n_pages;     /* in use; it may grow meanwhile ... */
	uint64_t max_pages;   /* ... up to this */
	uint64_t max_held;
};

/* One page, as read; and where it is. */
struct place {
	uint64_t number;
	uint64_t off; /* in the pool */
	struct slab_page row;
};

static int read_tables(struct view *view, struct tables *t)
{
	const struct km_pool *pool = view_header(view);
	struct slab slab;

	if (view_read(view, pool->data.bytes, &slab, sizeof(slab)) != 0)
		return -KM_ECORRUPT;
	slab_classes_init();
	*t = (struct tables){
		.pages = slab.pages.bytes,
		.data = slab.data.bytes,
		.n_pages = slab.n_pages,
		.max_pages = slab.max_pages,
		.max_held = slab.max_held,
	};
	if (t->data > pool->max_size || t->pages > t->data ||
	    t->n_pages > t->max_pages ||
	    t->max_pages > (pool->max_size - t->data) / SLAB_PAGE ||
	    t->max_pages > (t->data - t->pages) / sizeof(struct slab_page))
		return -KM_ECORRUPT;
	return 0;
}

static int read_row(struct view *view, const struct tables *t, uint64_t number,
    struct place *place)
{
	place->number = number;
	place->off = t->data + (number << SLAB_PAGE_SHIFT);
	return view_read(view, t->pages + number * sizeof(struct slab_page),
		   &place->row, sizeof(place->row)) == 0
		   ? 0
		   : -KM_ECORRUPT;
}

static bool is_span(uint64_t word)
{
	return slab_kind(word) == SLAB_SPAN || slab_kind(word) == SLAB_ABAND;
}

/* The same life of the same span, whoever has it now. */
static bool is_same(uint64_t a, uint64_t b)
{
	if (is_span(a) && is_span(b))
		return ((a ^ b) & ~SLAB_MINE_MASK) == 0;
	return a == b;
}

/* The class of a span whose numbers make sense; NULL: they do not. */
static const struct slab_class *span_class(
    const struct tables *t, const struct place *place)
{
	unsigned class = slab_word_class(place->row.word);
	const struct slab_class *c = &slab_class[class];
	uint64_t end;

	if (class >= SLAB_N_CLASSES)
		return NULL;
	end = slab_unit_off(place->row.unit) + c->n_blocks * sizeof(uint64_t);
	if (end > t->max_pages << SLAB_PAGE_SHIFT ||
	    c->n_pages > t->max_pages - place->number)
		return NULL;
	return c;
}

/* Tags from `first` on. False: the span changed meanwhile. */
static bool read_tags(struct view *view, const struct tables *t,
    const struct place *place, unsigned first, unsigned n, uint64_t *tags)
{
	uint64_t off =
	    t->data + slab_unit_off(place->row.unit) + first * sizeof(*tags);
	struct place again;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (view_read(view, off, tags, n * sizeof(*tags)) != 0)
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return read_row(view, t, place->number, &again) == 0 &&
	       is_same(again.row.word, place->row.word);
}

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
static int walk_span(struct view *view, const struct tables *t,
    const struct place *place, struct view_walk *walk, struct view_block *block)
{
	const struct slab_class *c = span_class(t, place);
	uint64_t tags[TAGS_READ];
	unsigned i, k, n;

	if (c == NULL)
		return -KM_ECORRUPT;
	i = (unsigned)((walk->next - place->off + c->size - 1) / c->size);
	for (; i < c->n_blocks; i += n) {
		n = c->n_blocks - i < TAGS_READ ? c->n_blocks - i : TAGS_READ;
		if (!read_tags(view, t, place, i, n, tags))
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

static int walk_run(struct view *view, const struct tables *t,
    const struct place *place, struct view_walk *walk, struct view_block *block)
{
	uint64_t n = slab_word_n(place->row.word);
	struct place again;

	if (n == 0 || n > t->max_pages - place->number)
		return -KM_ECORRUPT;
	/* Begun in the middle of it: it was reported, or is not asked for. */
	if (walk->next > place->off) {
		walk->next = place->off + (n << SLAB_PAGE_SHIFT);
		return 0;
	}
	if (read_row(view, t, place->number, &again) != 0 ||
	    again.row.word != place->row.word)
		return -KM_EBUSY;
	fill(view, block, place->off, n << SLAB_PAGE_SHIFT, again.row.tag);
	walk->next = place->off + (n << SLAB_PAGE_SHIFT);
	return 1;
}

/* Free pages in a row are one free fragment. */
static int walk_free(struct view *view, const struct tables *t,
    const struct place *place, struct view_walk *walk, struct view_block *block)
{
	struct place next = *place;

	while (++next.number < t->n_pages)
		if (read_row(view, t, next.number, &next) != 0 ||
		    slab_kind(next.row.word) != SLAB_FREE)
			break;
	walk->next = t->data + (next.number << SLAB_PAGE_SHIFT);
	*block = (struct view_block){
		.addr = view_header(view)->base + place->off,
		.room = walk->next - place->off,
		.is_free = true,
	};
	return walk->with_free ? 1 : 0;
}

static int walk_place(struct view *view, const struct tables *t,
    const struct place *place, struct view_walk *walk, struct view_block *block)
{
	switch (slab_kind(place->row.word)) {
	case SLAB_SPAN:
	case SLAB_ABAND:
		return walk_span(view, t, place, walk, block);
	case SLAB_HEAD:
		return walk_run(view, t, place, walk, block);
	case SLAB_FREE:
		return walk_free(view, t, place, walk, block);
	case SLAB_RES:
	case SLAB_CONT:
	case SLAB_DYING:
	case SLAB_SHRK:
	case SLAB_TAGS:
	case SLAB_GUARD:
		walk->next = place->off + SLAB_PAGE;
		return 0;
	default:
		return -KM_ECORRUPT;
	}
}

/*
 * The page that walk->next is in, or the first of the span or run that it is
 * in.  A page of a span that has gone meanwhile leads nowhere: then the page
 * itself.
 */
static int find_place(struct view *view, const struct tables *t,
    const struct view_walk *walk, struct place *place)
{
	uint64_t number = (walk->next - t->data) >> SLAB_PAGE_SHIFT, head;
	struct place first;
	const struct slab_class *c;

	if (read_row(view, t, number, place) != 0)
		return -KM_ECORRUPT;
	head = slab_word_head(place->row.word);
	if (slab_kind(place->row.word) != SLAB_CONT || head >= number)
		return 0;
	if (read_row(view, t, head, &first) != 0)
		return -KM_ECORRUPT;
	c = is_span(first.row.word) ? span_class(t, &first) : NULL;
	if ((c != NULL && head + c->n_pages > number) ||
	    (slab_kind(first.row.word) == SLAB_HEAD &&
		head + slab_word_n(first.row.word) > number))
		*place = first;
	return 0;
}

int slab_walk(
    struct view *view, struct view_walk *walk, struct view_block *block)
{
	struct tables t;
	struct place place;
	uint32_t steps = 0;
	int rc = read_tables(view, &t);

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
		if (rc == -KM_EBUSY && walk->retries++ < TRIES_MAX)
			continue;
		if (rc == 1 || rc < 0)
			return rc == -KM_EBUSY ? -KM_ECORRUPT : rc;
	}
	return 0;
}

/* Behind damage: with the next page. */
int slab_resync(struct view *view, struct view_walk *walk)
{
	struct tables t;

	if (read_tables(view, &t) != 0)
		return 0;
	if (walk->next < t.data)
		walk->next = t.data;
	walk->next += SLAB_PAGE - (walk->next - t.data) % SLAB_PAGE;
	return walk->next < t.data + (t.n_pages << SLAB_PAGE_SHIFT);
}

/* Metadata are away from the data, and there are no guards behind a block. */
int slab_inspect(
    struct view *view, const struct view_block *block, struct misuse *finding)
{
	return 0;
}

/* ---- accounts ----------------------------------------------------------- */

/* Sums of a walk over the page table. */
struct sums {
	uint64_t n_free;  /* pages */
	uint64_t in_row;  /* of these, in a row up to here */
	uint64_t longest; /* row */
	uint64_t largest; /* free block in a span, bytes */
	struct km_mem_info *info;
};

/* Returns its pages, or < 0: nothing of it has been added. */
static int64_t sum_span(struct view *view, const struct tables *t,
    const struct place *place, struct sums *sums)
{
	uint64_t tags[SLAB_PAGE / SLAB_GRAIN];
	const struct slab_class *c = span_class(t, place);
	uint64_t used = 0, live = 0;

	if (c == NULL)
		return -KM_ECORRUPT;
	if (!read_tags(view, t, place, 0, c->n_blocks, tags))
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

static int64_t sum_run(
    const struct tables *t, const struct place *place, struct sums *sums)
{
	uint64_t n = slab_word_n(place->row.word);

	if (n == 0 || n > t->max_pages - place->number)
		return -KM_ECORRUPT;
	sums->info->used += slab_run_size(n, place->row.tag);
	sums->info->counted += n << SLAB_PAGE_SHIFT;
	sums->info->blocks++;
	return (int64_t)n;
}

static void sum_free(struct sums *sums)
{
	sums->info->fragments += sums->in_row == 0;
	sums->n_free++;
	if (++sums->in_row > sums->longest)
		sums->longest = sums->in_row;
}

/* What is at a page, once. Returns its pages, or < 0. */
static int64_t sum_place(struct view *view, const struct tables *t,
    const struct place *place, struct sums *sums)
{
	if (slab_kind(place->row.word) == SLAB_FREE) {
		sum_free(sums);
		return 1;
	}
	sums->in_row = 0;
	if (slab_kind(place->row.word) == SLAB_HEAD)
		return sum_run(t, place, sums);
	return is_span(place->row.word) ? sum_span(view, t, place, sums) : 1;
}

/*
 * A span or run counts with all its pages as they were when its head was read,
 * whatever they are by now: so what is used is never more than what is held.
 */
static int64_t sum_at(struct view *view, const struct tables *t,
    uint64_t number, struct sums *sums)
{
	struct place place;
	int64_t n = -KM_EBUSY;

	for (int i = 0; i < TRIES_MAX && n == -KM_EBUSY; i++)
		n = read_row(view, t, number, &place) == 0
			? sum_place(view, t, &place, sums)
			: -KM_ECORRUPT;
	return n;
}

/* Of [at, n_pages). Returns where it has ended, or < 0. */
static int64_t sum_pages(
    struct view *view, const struct tables *t, uint64_t at, struct sums *sums)
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

static void finish(const struct tables *t, struct sums *sums)
{
	uint64_t held = t->n_pages - sums->n_free;
	uint64_t at_end = sums->in_row + t->max_pages - t->n_pages;
	struct km_mem_info *info = sums->info;

	if (held < t->max_held)
		held = t->max_held < t->n_pages ? t->max_held : t->n_pages;
	info->total = t->data + (t->n_pages << SLAB_PAGE_SHIFT);
	info->free = sums->n_free << SLAB_PAGE_SHIFT;
	info->real_used = info->total - info->free;
	info->max_used = t->data + (held << SLAB_PAGE_SHIFT);
	info->counted += t->data;
	/* The pool grows if need be. */
	info->largest =
	    largest_in(at_end > sums->longest ? at_end : sums->longest);
	if (sums->largest > info->largest)
		info->largest = sums->largest;
}

int slab_view_info(struct view *view, struct km_mem_info *info)
{
	struct sums sums = { .info = info };
	struct tables t;
	int64_t at = 0;
	int rc = read_tables(view, &t);

	*info = (struct km_mem_info){ 0 };
	while (rc == 0 && (uint64_t)at < t.n_pages) {
		at = sum_pages(view, &t, (uint64_t)at, &sums);
		if (at < 0)
			return (int)at;
		/* It may have grown meanwhile. */
		rc = read_tables(view, &t);
	}
	if (rc == 0 && (uint64_t)at > t.n_pages)
		rc = -KM_ECORRUPT;
	if (rc == 0)
		finish(&t, &sums);
	return rc;
}
