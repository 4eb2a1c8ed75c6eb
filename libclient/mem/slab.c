/* SPDX-License-Identifier: ISC */
/* slab.c - the manager slab: what is not on the fast path, and its vtable. */
#include "config.h"

#include <string.h>

#include "mem/slab_fast.h"
#include "mem/slab_guard.h"
#include "mem/slab_view.h"

#define MIN_PAGES  16u /* of the smallest pool */
#define TICK_EVERY 32u /* calls that are not the usual case */

static int wrong(struct misuse *misuse, enum misuse_kind kind)
{
	misuse->kind = kind;
	return -KM_EINVAL;
}

/* The page is free: it may have been a run. */
static int wrong_free_page(const struct slab_part *part,
    const struct slab_found *found, const void *p, struct misuse *misuse)
{
	uint64_t tag = slab_run_tag(found->page, found->word);

	if (tag == 0 || p != slab_addr(part, found->page))
		return wrong(misuse, MISUSE_NO_BLOCK);
	misuse->site = slab_tag_site(tag);
	misuse->freed_site = slab_tag_epoch(tag);
	return wrong(misuse, MISUSE_FREED);
}

static int find_in_span(const struct slab_part *part, const void *p,
    struct slab_found *found, struct misuse *misuse)
{
	uint64_t off = (uintptr_t)p - (uintptr_t)slab_addr(part, found->page);
	unsigned class = slab_word_class(found->word);

	if (class >= SLAB_N_CLASSES)
		return wrong(misuse, MISUSE_NO_BLOCK);
	found->class = &slab_class[class];
	found->index = (unsigned)(off * found->class->inverse >> 32);
	if ((uint64_t)found->index * found->class->size != off ||
	    found->index >= found->class->n_blocks)
		return wrong(misuse, MISUSE_NO_BLOCK);
	return 0;
}

int slab_find(const struct slab_part *part, const void *p,
    struct slab_found *found, struct misuse *misuse)
{
	uint64_t off = (uintptr_t)p - part->data;
	uint64_t head;

	*misuse = (struct misuse){ .block = p };
	*found = (struct slab_found){ NULL, 0, NULL, 0 };
	if (off >= part->data_size)
		return wrong(misuse, MISUSE_OUTSIDE);
	found->page = &part->pages[off >> SLAB_PAGE_SHIFT];
	found->word = slab_load(found->page);
	if (slab_kind(found->word) == SLAB_CONT) {
		head = slab_word_head(found->word);
		if (head >= off >> SLAB_PAGE_SHIFT)
			return wrong(misuse, MISUSE_NO_BLOCK);
		found->page = &part->pages[head];
		found->word = slab_load(found->page);
	}
	switch (slab_kind(found->word)) {
	case SLAB_SPAN:
	case SLAB_ABAND:
		return find_in_span(part, p, found, misuse);
	case SLAB_HEAD:
	case SLAB_DYING:
	case SLAB_SHRK:
		return 0;
	case SLAB_FREE:
		return wrong_free_page(part, found, p, misuse);
	default:
		return wrong(misuse, MISUSE_NO_BLOCK);
	}
}

/* ---- alloc and free ----------------------------------------------------- */

/* Bytes of its blocks, also of one that is on loan. */
static size_t room_in(const struct slab_part *part, const struct slab_bin *bin)
{
	return (bin->live - part->owner) >> SLAB_SLACK_SHIFT;
}

/* From the stack; NULL: it is empty. */
static void *pop(
    struct slab_part *part, struct slab_bin *bin, const struct request *req)
{
	uint64_t marks =
	    req->site | clock_load() | (uint64_t)req->state << SLAB_STATE_SHIFT;
	bool is_good = false;

	while (!is_good && bin->top > bin->base) {
		bin->top--;
		slab_announce_any(part, bin->top->page);
		request_note(req, bin->top->addr);
		is_good = slab_is_good(bin, *bin->top);
		if (is_good) {
			slab_guard_put(part, bin->top->addr, req->size,
			    room_in(part, bin));
			slab_make_live(bin, *bin->top, req->size, marks);
		}
		slab_done(part->busy);
	}
	return is_good ? bin->top->addr : NULL;
}

/* One of its blocks, or one that it has on loan. */
static void *alloc_of_class(
    struct slab_part *part, unsigned class, const struct request *req)
{
	void *p;

	do {
		p = pop(part, slab_bin_for(part, slab_class[class].size), req);
		if (p == NULL)
			slab_loan_end(part, class);
	} while (p == NULL &&
		 (slab_collect(part, class) || slab_borrow(part, class) ||
		     slab_refill(part, class) || slab_borrow_any(part, class)));
	return p;
}

static unsigned class_for(size_t size)
{
	return slab_class_of[(size + SLAB_GRAIN - 1) / SLAB_GRAIN];
}

static void *alloc(struct slab_part *part, const struct request *req)
{
	/* Where there is no supervisor nobody else does: but it takes time. */
	if (part->n_slow++ % TICK_EVERY == 0)
		clock_tick(clock_in_use());
	if (slab_guarded(part, req->size) > SLAB_MAX)
		return slab_run_alloc(part, req);
	return alloc_of_class(
	    part, class_for(slab_guarded(part, req->size)), req);
}

void *slab_alloc_slow(struct slab_part *part, size_t size, uint32_t site)
{
	const struct request req = { .size = size, .site = site };

	return alloc(part, &req);
}

/*
 * A span begins with a page, so blocks of a multiple's size lie on multiples.
 * What is on loan is of another size.
 */
static void *alloc_aligned(struct slab_part *part, const struct request *req)
{
	unsigned class;
	void *p;

	if (req->align > SLAB_PAGE || slab_guarded(part, req->size) > SLAB_MAX)
		return slab_run_alloc(part, req);
	/* That of SLAB_MAX is a multiple in any case. */
	class = class_for(slab_guarded(part, req->size));
	while (slab_class[class].size % req->align != 0)
		class ++;
	do {
		p = pop(part, &part->bin[class], req);
	} while (p == NULL &&
		 (slab_collect(part, class) || slab_refill(part, class)));
	return p;
}

bool slab_free_other(struct slab_part *part, void *p, uint32_t site)
{
	struct slab_found found;
	struct misuse unused;

	return slab_find_quick(part, p, &found) &&
	       (found.word & SLAB_MINE_MASK) != part->mine &&
	       slab_span_free_far(part, &found, site, &unused) == 0;
}

/* The size of a live block; -KM_EINVAL: it is free. */
static int size_of(const struct slab_part *part, const void *p,
    const struct slab_found *found, size_t *size, struct misuse *misuse)
{
	uint64_t tag;

	if (found->class == NULL) {
		tag = slab_run_tag(found->page, found->word);
		*size = slab_run_size(slab_word_n(found->word), tag);
		misuse->site = slab_tag_site(tag);
		if (slab_kind(found->word) == SLAB_HEAD &&
		    p == slab_addr(part, found->page))
			return 0;
		return wrong_free_page(part, found, p, misuse);
	}
	slab_tag_of(part, found, &tag);
	*size = found->class->size - slab_tag_slack(tag);
	misuse->size = *size;
	misuse->site = slab_tag_site(tag);
	if ((tag & SLAB_LIVE) != 0)
		return 0;
	misuse->freed_site = slab_tag_epoch(tag);
	return wrong(misuse, MISUSE_FREED);
}

static size_t room_of(const struct slab_found *found)
{
	return found->class != NULL
		   ? found->class->size
		   : slab_word_n(found->word) << SLAB_PAGE_SHIFT;
}

/* As slab_guard_check(); -KM_EINVAL also when the block is free. */
static int check_guard(const struct slab_part *part, const void *p,
    const struct slab_found *found, struct misuse *misuse)
{
	size_t size = 0;
	int rc = size_of(part, p, found, &size, misuse);

	return rc != 0
		   ? rc
		   : slab_guard_check(part, p, size, room_of(found), misuse);
}

int slab_free_slow(
    struct slab_part *part, void *p, uint32_t site, struct misuse *misuse)
{
	struct slab_found found;
	unsigned class;
	int rc = slab_find(part, p, &found, misuse);

	if (rc == 0 && part->has_guard)
		rc = check_guard(part, p, &found, misuse);
	if (rc != 0)
		return rc;
	if (found.class == NULL)
		return slab_run_free(part, found.page, p, site, misuse);
	class = slab_word_class(found.word);
	if ((found.word & SLAB_MINE_MASK) == part->mine &&
	    part->has_membarrier) {
		slab_bin_open(part, class);
		if (part->bin[class].top == part->bin[class].limit)
			slab_spill(part, class);
		if (slab_free(part, p, site))
			return 0;
	}
	return slab_span_free_far(part, &found, site, misuse);
}

/* ---- resize ------------------------------------------------------------- */

/* The block is of the class that is asked for, or that class has borrowed it.
 */
static bool stays(
    const struct slab_class *c, uint64_t tag, const struct request *req)
{
	unsigned class;

	if (req->size > SLAB_MAX)
		return false;
	class = class_for(req->size);
	return class == c - slab_class ||
	       class == class_for(c->size - slab_tag_slack(tag));
}

/* By CAS: a plain store could bring a block back that was freed meanwhile. */
static bool resize_in_span(const struct slab_part *part,
    const struct slab_found *found, const struct request *req)
{
	uint64_t old, to, *tag = slab_tag_of(part, found, &old);

	do {
		if ((old & SLAB_LIVE) == 0 || !stays(found->class, old, req))
			return false;
		to = old &
		     ~(SLAB_SLACK_MASK << SLAB_SLACK_SHIFT | SLAB_SITE_MASK);
		to |= (uint64_t)(found->class->size - req->size)
			  << SLAB_SLACK_SHIFT |
		      req->site;
	} while (!__atomic_compare_exchange_n(
	    tag, &old, to, true, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	return true;
}

/* Not where there are guards: a kill would leave one where it was. */
static bool resize_in_place(struct slab_part *part,
    const struct slab_found *found, const struct request *req)
{
	if (part->has_guard)
		return false;
	return found->class != NULL ? resize_in_span(part, found, req)
				    : slab_run_resize(part, found->page, req);
}

static enum block_state state_of(
    const struct slab_part *part, const struct slab_found *found)
{
	uint64_t tag = slab_run_tag(found->page, found->word);

	if (found->class != NULL)
		slab_tag_of(part, found, &tag);
	return slab_tag_state(tag);
}

static int resize(struct slab_part *part, void *p, const struct request *req,
    void **out, struct misuse *misuse)
{
	struct request again = *req;
	struct slab_found found;
	size_t size = 0;
	int rc = slab_find(part, p, &found, misuse);

	if (rc == 0)
		rc = size_of(part, p, &found, &size, misuse);
	if (rc == 0)
		rc = slab_guard_check(part, p, size, room_of(&found), misuse);
	if (rc != 0)
		return rc;
	*out = p;
	if (resize_in_place(part, &found, req))
		return 0;
	again.state = state_of(part, &found);
	*out = alloc(part, &again);
	if (*out == NULL)
		return -KM_ENOMEM;
	memcpy(*out, p, size < req->size ? size : req->size);
	return slab_free_slow(part, p, req->site, misuse);
}

/* ---- the vtable --------------------------------------------------------- */

static uint64_t round_up(uint64_t bytes, uint64_t to)
{
	return (bytes + to - 1) / to * to;
}

/* Bytes of a table of the groups of so many pages. */
static uint64_t groups_size(uint64_t n)
{
	return round_up((n + SLAB_GROUP - 1) / SLAB_GROUP, 64);
}

static uint64_t rows_size(uint64_t n)
{
	return round_up(n * sizeof(struct slab_page), 64);
}

static uint64_t sides_size(uint64_t n)
{
	return round_up(n * sizeof(struct slab_side), 64);
}

static uint64_t guesses_size(uint64_t n)
{
	return round_up(n * sizeof(uint16_t), 64);
}

/* Bytes of all five tables. */
static uint64_t tables_size(uint64_t n)
{
	return rows_size(n) + sides_size(n) + guesses_size(n) +
	       2 * groups_size(n);
}

static int slab_init(struct km_pool *pool, const struct pool_options *opt)
{
	struct slab *slab = slab_of(pool);
	uint64_t at = round_up(pool->data.bytes + sizeof(*slab), 64);
	uint64_t max = (pool->max_size - at) / SLAB_PAGE;
	uint64_t data = round_up(at + tables_size(max), SLAB_PAGE);

	slab_classes_init();
	if (data + MIN_PAGES * SLAB_PAGE > pool->size)
		return -KM_ERANGE;
	slab->max_pages = (pool->max_size - data) / SLAB_PAGE;
	slab->n_pages = (pool->size - data) / SLAB_PAGE;
	/* Whole pages: slab_settle_size(). */
	pool->size = data + slab->n_pages * SLAB_PAGE;
	slab->pages.bytes = at;
	slab->sides.bytes = at + rows_size(max);
	slab->guess.bytes = slab->sides.bytes + sides_size(max);
	slab->hints.bytes = slab->guess.bytes + guesses_size(max);
	slab->touched.bytes = slab->hints.bytes + groups_size(max);
	slab->data.bytes = data;
	slab->has_guard = opt->guard;
	slab->tags_low = slab->tags_at = (uint32_t)slab->n_pages;
	/* Those of pages that there are: slab_grow() puts up the others. */
	memset(pool_at(pool, slab->hints), SLAB_HINT_ANY,
	    (slab->n_pages + SLAB_GROUP - 1) / SLAB_GROUP);
	return 0;
}

/* The fast paths are in slab_fast.h; here is who has not joined yet. */
static void *slab_vt_alloc(struct km_pool *pool, const struct request *req)
{
	struct slab_part *part = slab_part_of(pool);
	void *p;

	if (part == NULL)
		return NULL;
	p = req->align > SLAB_GRAIN ? alloc_aligned(part, req)
				    : alloc(part, req);
	slab_part_done(part);
	return p;
}

static int slab_vt_free(struct km_pool *pool, void *p,
    const struct request *req, struct misuse *misuse)
{
	struct slab_part *part = slab_part_of(pool);
	int rc;

	if (part == NULL)
		return -KM_EREADY;
	rc = slab_free_slow(part, p, req->site, misuse);
	slab_part_done(part);
	return rc;
}

static int slab_vt_look(
    struct km_pool *pool, const void *p, struct misuse *block)
{
	struct slab_part *part = slab_part_of(pool);
	struct slab_found found;
	size_t size = 0;
	int rc;

	if (part == NULL)
		return -KM_EINVAL;
	rc = slab_find(part, p, &found, block);
	if (rc == 0)
		rc = size_of(part, p, &found, &size, block);
	block->size = size;
	slab_part_done(part);
	return rc;
}

static int slab_vt_resize(struct km_pool *pool, void *p,
    const struct request *req, void **out, struct misuse *misuse)
{
	struct slab_part *part = slab_part_of(pool);
	int rc;

	if (part == NULL)
		return -KM_ENOMEM;
	rc = resize(part, p, req, out, misuse);
	slab_part_done(part);
	return rc;
}

static int slab_vt_slot(struct km_pool *pool, uint32_t *slot)
{
	const struct slab_part *part = slab_part_of(pool);

	if (part == NULL)
		return -KM_EFULL;
	*slot = part->slot;
	return 0;
}

const struct manager manager_slab = {
	.name = "slab",
	.min_size = sizeof(struct slab) + 2 * SLAB_PAGE +
		    MIN_PAGES * (SLAB_PAGE + sizeof(struct slab_page) +
				    sizeof(struct slab_side) + 64),
	.init = slab_init,
	.alloc = slab_vt_alloc,
	.free = slab_vt_free,
	.look = slab_vt_look,
	.resize = slab_vt_resize,
	.change = slab_change,
	.slot = slab_vt_slot,
	.is_slot_of_thread = true,
	.info = slab_view_info,
	.walk = slab_walk,
	.inspect = slab_inspect,
	.resync = slab_resync,
	.recover = slab_recover,
	.trim = slab_trim,
	.trim_old = slab_trim_old,
	.grow = slab_grow_by,
};
