/* SPDX-License-Identifier: ISC */
/* weave_world.c - a small pool, what two actors do in it, and what must hold.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mem/manager.h"
#include "mem/slab_fast.h"
#include "mem/slot.h"
#include "tests/stress/weave.h"

#define N_SLOTS	  3u
#define SIZE	  10880u /* three blocks to a span */
#define OTHER	  10240u /* another class */
#define N_PER	  3u
#define TAGS_SEEN (2 * SLAB_UNIT) /* bytes of a page of tags */

const struct scenario scenarios[] = {
	{ "collect beside a free from elsewhere", { "M", "XX" }, 3, true },
	{ "own frees beside frees from elsewhere", { "FM", "XX" }, 3, true },
	{ "malloc and free beside a taker", { "FM", "M" }, 2, true },
	{ "a taker and a free from elsewhere", { "M", "XM" }, 3, true },
	{ "a span is returned and claimed", { "F", "L" }, 1, true },
	{ "one leaves, the other adopts", { "FZ", "XM" }, 2, true },
	{ "tags are trimmed, and claimed", { "FT", "L" }, 1, true },
};
const unsigned n_scenarios = sizeof(scenarios) / sizeof(scenarios[0]);

static struct {
	struct km_pool *pool;
	size_t size;
	const struct scenario *scenario;
	struct slab_part *part[N_ACTORS], *settler;
	void *given[N_PER]; /* of the first actor, from before */
	unsigned n_found;   /* blocks that are held, as the judge finds them */
} world;

/* ---- the pool ----------------------------------------------------------- */

static void *get(struct slab_part *part, size_t size)
{
	void *p = NULL;

	return slab_alloc(part, size, 1, &p) ? p
					     : slab_alloc_slow(part, size, 1);
}

static void put(struct slab_part *part, void *p)
{
	struct misuse misuse;

	if (!slab_free(part, p, 2) && !slab_free_other(part, p, 2) &&
	    slab_free_slow(part, p, 2, &misuse) != 0)
		weave_wrong("a live block cannot be freed");
}

/* What is left becomes one block. */
static void fill_pages(void)
{
	uint64_t n = 0, best = 0;

	for (uint64_t i = 0; i < slab_of(world.pool)->n_pages; i++) {
		n = slab_pages(world.pool)[i].word == SLAB_FREE ? n + 1 : 0;
		best = n > best ? n : best;
	}
	if (best > 0 && get(world.settler, best * SLAB_PAGE) == NULL)
		weave_wrong("the pool cannot be filled");
}

static void give_blocks(void)
{
	const struct scenario *s = world.scenario;

	for (unsigned i = 0; i < N_PER; i++)
		world.given[i] = get(world.part[0], SIZE);
	for (unsigned i = s->live; i < N_PER; i++)
		put(world.part[0], world.given[i]);
	for (unsigned i = 0; i < s->live; i++)
		actors[0].held[actors[0].n_held++] = world.given[i];
	actors[0].n_old = s->live;
}

void world_make(const struct scenario *scenario)
{
	struct pool_options opt = {
		.kind = KM_SHM,
		.manager = "slab",
		.name = "woven",
		.n_slots = N_SLOTS,
		.size = pool_min_size(N_SLOTS) + 4 * SLAB_PAGE,
	};
	void *map = mmap(NULL, opt.size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	world.scenario = scenario;
	world.size = opt.size;
	if (map == MAP_FAILED || pool_create(map, &opt, &world.pool) != 0)
		abort();
	for (uint32_t i = 0; i < N_SLOTS; i++)
		slot_set(world.pool, i, 1000 + (int32_t)i, 0, "actor");
	pool_use(KM_SHM, world.pool, RECOVERER);
	world.settler = slab_part_of(world.pool);
	for (uint32_t i = 0; i < N_ACTORS; i++)
		if (slab_part_new(world.pool, i, &world.part[i]) != 0)
			abort();
	if (scenario->is_full) {
		give_blocks();
		fill_pages();
	}
}

void world_break(void)
{
	for (uint32_t i = 0; i < N_ACTORS; i++)
		slab_part_forget(&world.part[i]);
	pool_use(KM_SHM, NULL, 0);
	munmap(world.pool, world.size);
}

/* ---- what a state consists of ------------------------------------------- */

static struct region *of_part(struct region *r, struct slab_part *part)
{
	/* Classes without blocks stay as they are. */
	const size_t sizes[] = { SIZE, OTHER };
	size_t head = offsetof(struct slab_part, pool);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct slab_bin *bin = slab_bin_for(part, sizes[i]);

		slab_bin_open(part, (unsigned)(bin - part->bin));
		*r++ = (struct region){ bin, sizeof(*bin) };
		*r++ = (struct region){ bin->base - 1,
			(size_t)((char *)bin->limit - (char *)bin->base) +
			    sizeof(struct slab_hint) };
	}
	*r++ = (struct region){ (char *)part + head, sizeof(*part) - head };
	*r++ = (struct region){ part->link,
		part->slab->max_pages * sizeof(*part->link) };
	return r;
}

unsigned world_regions(struct region regions[N_REGIONS])
{
	struct slab *slab = slab_of(world.pool);
	struct region *r = regions;
	char *from = (char *)slab, *data = pool_at(world.pool, slab->data);

	*r++ = (struct region){ pool_at(world.pool, world.pool->slots),
		N_SLOTS * sizeof(struct pool_slot) };
	*r++ = (struct region){ from,
		(size_t)((char *)pool_at(world.pool, slab->touched) - from) +
		    (slab->n_pages + SLAB_GROUP - 1) / SLAB_GROUP };
	/* Any page may hold tags. */
	for (uint64_t i = 0; i < slab->n_pages; i++)
		*r++ =
		    (struct region){ data + (i << SLAB_PAGE_SHIFT), TAGS_SEEN };
	for (uint32_t i = 0; i < N_ACTORS; i++)
		r = of_part(r, world.part[i]);
	r = of_part(r, world.settler);
	*r++ = (struct region){ actors, sizeof(actors) };
	return (unsigned)(r - regions);
}

/* ---- a script ----------------------------------------------------------- */

static bool is_held(const void *p)
{
	for (uint32_t i = 0; i < N_ACTORS; i++)
		for (uint32_t k = 0; k < actors[i].n_held; k++)
			if (actors[i].held[k] == p)
				return true;
	return false;
}

static void take(struct actor *a, struct slab_part *part, size_t size)
{
	void *p;

	a->doing = 'M';
	p = get(part, size);
	if (p != NULL && is_held(p))
		weave_wrong("a block is handed out twice");
	if (p != NULL)
		a->held[a->n_held++] = p;
	a->doing = 0;
}

/* From here on nobody holds it. */
static void *drop_oldest(struct actor *a)
{
	void *p = a->held[0];

	if (a->n_held == 0)
		return NULL;
	a->n_held--;
	a->n_old -= a->n_old > 0;
	memmove(a->held, a->held + 1, a->n_held * sizeof(p));
	return p;
}

static void give(struct actor *a, struct actor *from, struct slab_part *part)
{
	a->what = drop_oldest(from);
	if (a->what == NULL)
		return;
	a->doing = 'F';
	put(part, a->what);
	a->doing = 0;
	a->what = NULL;
}

/* As a thread does at its end. */
static void leave(struct slab_part *part)
{
	uint64_t n = slab_n_pages(part->slab);

	for (uint64_t i = 0; i < n; i++)
		if (slab_is_mine(part, &part->pages[i]) &&
		    !slab_span_return(part, &part->pages[i]))
			slab_abandon(part, &part->pages[i]);
}

void world_act(uint32_t actor)
{
	struct actor *a = &actors[actor];
	const char *script = world.scenario->script[actor];

	for (; script[a->at] != '\0'; a->at++)
		switch (script[a->at]) {
		case 'M':
			take(a, world.part[actor], SIZE);
			break;
		case 'L':
			take(a, world.part[actor], OTHER);
			break;
		case 'F':
			give(a, a, world.part[actor]);
			break;
		case 'X':
			/* A newer one it would learn of behind its store. */
			if (actors[1 - actor].n_old > 0)
				give(a, &actors[1 - actor], world.part[actor]);
			break;
		case 'T':
			slab_unit_trim(world.part[actor]);
			break;
		default:
			leave(world.part[actor]);
			break;
		}
}

void world_recover(uint32_t dead)
{
	manager_slab.recover(world.pool, dead);
}

/* ---- the judge ---------------------------------------------------------- */

static bool may_be_live(const void *p)
{
	for (uint32_t i = 0; i < N_ACTORS; i++)
		if (actors[i].is_dead &&
		    (actors[i].doing == 'M' || actors[i].what == p))
			return true;
	return false;
}

static bool is_in_stack(const struct slab_bin *bin, const void *p)
{
	for (const struct slab_hint *h = bin->base; h < bin->top; h++)
		if (h->addr == p)
			return true;
	return false;
}

/* Its owner will find it without looking at each tag. */
static bool is_hinted(
    const struct slab_page *page, const void *p, unsigned index)
{
	uint32_t owner = slab_word_slot(page->word);
	unsigned class = slab_word_class(page->word);

	return slab_kind(page->word) != SLAB_SPAN || owner >= N_ACTORS ||
	       slab_side(world.part[owner], page)
		       ->hint[index >> slab_class[class].shift] != 0 ||
	       is_in_stack(&world.part[owner]->bin[class], p);
}

static const char *check_tag(
    const struct slab_page *page, const void *p, uint64_t tag)
{
	bool is_live = (tag & SLAB_LIVE) != 0;
	uint32_t owner = slab_word_slot(page->word);

	world.n_found += is_held(p);
	if (is_held(p) && !is_live)
		return "a block that is held is free";
	if (is_live && !is_held(p) && !may_be_live(p))
		return "a block that nobody holds is live";
	if (slab_kind(page->word) == SLAB_SPAN && owner < N_ACTORS &&
	    actors[owner].is_dead)
		return "a span of the dead";
	return NULL;
}

static bool has_units(const struct slab_page *page, const struct slab_class *c)
{
	const struct slab_page *tags =
	    &slab_pages(world.pool)[page->unit / SLAB_UNITS];
	uint64_t units = ((uint64_t)1 << c->n_units) - 1;

	units <<= page->unit % SLAB_UNITS;
	return tags->word == SLAB_TAGS && (tags->units & units) == units;
}

static const char *check_span(struct slab_page *page)
{
	const struct slab_class *c = &slab_class[slab_word_class(page->word)];
	const uint64_t *tags = slab_tags_at(world.settler, page);
	char *at = slab_addr(world.settler, page);
	const char *why = has_units(page, c) ? NULL : "a span has no tags";

	for (unsigned i = 0; i < c->n_blocks && why == NULL; i++) {
		const char *p = at + (size_t)i * c->size;

		why = check_tag(page, p, tags[i]);
		if (why == NULL && (tags[i] & SLAB_LIVE) == 0 &&
		    !is_hinted(page, p, i))
			why = "nothing tells of a free block";
	}
	return why;
}

static const char *check_pages(void)
{
	struct slab_page *page = slab_pages(world.pool);
	uint64_t n = slab_of(world.pool)->n_pages;
	const char *why = NULL;

	for (uint64_t i = 0; i < n && why == NULL; i++)
		switch (slab_kind(page[i].word)) {
		case SLAB_SPAN:
		case SLAB_ABAND:
			why = check_span(&page[i]);
			break;
		case SLAB_RES:
		case SLAB_DYING:
		case SLAB_SHRK:
		case SLAB_CLOSED:
			why = "a page is left half done";
			break;
		default:
			break;
		}
	return why;
}

static void free_all_of(struct slab_page *page)
{
	const struct slab_class *c = &slab_class[slab_word_class(page->word)];
	const uint64_t *tags = slab_tags_at(world.settler, page);
	char *at = slab_addr(world.settler, page);

	for (unsigned i = 0; i < c->n_blocks; i++)
		if ((tags[i] & SLAB_LIVE) != 0)
			put(world.settler, at + (size_t)i * c->size);
}

/* Whoever still lives stands still: so all can be had. */
static const char *check_all_comes_back(void)
{
	struct slab_page *page = slab_pages(world.pool);
	uint64_t n = slab_of(world.pool)->n_pages;

	for (uint64_t i = 0; i < n; i++) {
		if (slab_kind(page[i].word) == SLAB_SPAN ||
		    slab_kind(page[i].word) == SLAB_ABAND)
			free_all_of(&page[i]);
		else if (slab_kind(page[i].word) == SLAB_HEAD)
			put(world.settler, slab_addr(world.settler, &page[i]));
	}
	slab_take_empty(world.settler);
	for (uint64_t i = 0; i < n; i++)
		if (page[i].word != SLAB_FREE)
			return "a page does not come back";
	return NULL;
}

const char *world_judge(void)
{
	const char *why;
	unsigned n_held = 0;

	world.n_found = 0;
	why = check_pages();
	for (uint32_t i = 0; i < N_ACTORS; i++)
		n_held += actors[i].n_held;
	if (why == NULL && n_held != world.n_found)
		why = "a block that is held is in no span";
	return why != NULL ? why : check_all_comes_back();
}
