/* SPDX-License-Identifier: ISC */
/* slab_run.c - large blocks: runs of pages. */
#include "config.h"

#include "mem/slab_guard.h"

/*
 * The word of the first page decides: HEAD(n) is a live block of n pages.
 * README.md lists what a kill between two of these stores leaves behind.
 */
static uint64_t pages_for(size_t size)
{
	return (size + SLAB_PAGE - 1) >> SLAB_PAGE_SHIFT;
}

/* Never LIVE: the page word says whether it is. */
static uint64_t tag_for(const struct slab_part *part, const struct request *req,
    uint64_t n, uint32_t epoch)
{
	uint64_t slack = (n << SLAB_PAGE_SHIFT) - req->size;

	return (part->owner & ~SLAB_LIVE) | slack << SLAB_SLACK_SHIFT |
	       (uint64_t)epoch << SLAB_EPOCH_SHIFT |
	       (uint64_t)req->state << SLAB_STATE_SHIFT | req->site;
}

uint64_t slab_run_tag(const struct slab_page *page, uint64_t word)
{
	uint64_t tag = __atomic_load_n(&page->tag, __ATOMIC_ACQUIRE);
	bool is_unit =
	    slab_kind(word) == SLAB_DYING && tag >> SLAB_EPOCH_SHIFT == 0;

	return is_unit || (tag & SLAB_LIVE) != 0 ? 0 : tag;
}

size_t slab_run_size(uint64_t n, uint64_t tag)
{
	return (size_t)(n << SLAB_PAGE_SHIFT) - slab_tag_slack(tag);
}

static void set_cont(
    struct slab_part *part, uint64_t head, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		__atomic_store_n(&part->pages[head + i].word,
		    slab_cont(part->slot, head), __ATOMIC_RELEASE);
}

void *slab_run_alloc(struct slab_part *part, const struct request *req)
{
	size_t align = req->align > SLAB_PAGE ? req->align : SLAB_PAGE;
	uint64_t n = pages_for(req->size);
	uint32_t head;

	if (req->size > part->data_size || align > part->data_size ||
	    n > SLAB_N_MAX)
		return NULL;
	head = slab_pages_claim(part, n, align);
	if (head == SLAB_NO_PAGE) {
		slab_take_empty(part);
		head = slab_pages_claim_last(part, n, align);
	}
	while (head == SLAB_NO_PAGE &&
	       slab_grow(part, n + (align >> SLAB_PAGE_SHIFT) - 1))
		head = slab_pages_claim(part, n, align);
	if (head == SLAB_NO_PAGE)
		return NULL;
	set_cont(part, head, 1, n);
	slab_set_more(&part->pages[head],
	    tag_for(part, req, n, slab_tag_epoch(clock_load())));
	slab_guard_put(part, slab_addr(part, &part->pages[head]), req->size,
	    n << SLAB_PAGE_SHIFT);
	request_note(req, slab_addr(part, &part->pages[head]));
	/* The commit: a kill before it leaves RES and CONT of the dead. */
	__atomic_store_n(
	    &part->pages[head].word, slab_head(n), __ATOMIC_RELEASE);
	return slab_addr(part, &part->pages[head]);
}

static int wrong(
    struct misuse *misuse, enum misuse_kind kind, uint64_t n, uint64_t tag)
{
	misuse->kind = kind;
	misuse->size = slab_run_size(n, tag);
	misuse->site = slab_tag_site(tag);
	misuse->freed_site = kind == MISUSE_FREED ? slab_tag_epoch(tag) : 0;
	return -KM_EINVAL;
}

int slab_run_free(struct slab_part *part, struct slab_page *page, const void *p,
    uint32_t site, struct misuse *misuse)
{
	uint64_t word = slab_load(page), tag = slab_run_tag(page, word);

	if (slab_kind(word) != SLAB_HEAD || p != slab_addr(part, page))
		return wrong(misuse,
		    p != slab_addr(part, page) ? MISUSE_NO_BLOCK : MISUSE_FREED,
		    slab_word_n(word), tag);
	/* The commit, and the judge among several that free it at once. */
	if (!slab_cas(page, word, slab_dying(part->slot, slab_word_n(word))))
		return wrong(misuse, MISUSE_FREED, slab_word_n(word), tag);
	slab_set_more(page, slab_tag_free(tag, site));
	slab_pages_release(part, slab_number(part, page), slab_word_n(word));
	return 0;
}

/* ---- in place ----------------------------------------------------------- */

/* Whose it is, and since when, stays. */
static void set_tag(uint64_t *at, const struct request *req, uint64_t n)
{
	uint64_t slack = (n << SLAB_PAGE_SHIFT) - req->size;
	uint64_t tag = __atomic_load_n(at, __ATOMIC_RELAXED) &
		       ~(SLAB_SLACK_MASK << SLAB_SLACK_SHIFT | SLAB_SITE_MASK);

	__atomic_store_n(
	    at, tag | slack << SLAB_SLACK_SHIFT | req->site, __ATOMIC_RELEASE);
}

/*
 * Whether there are pages up to `to` behind the head; or, of a private pool,
 * where that costs address space alone, can be: then nothing is copied.
 */
static bool has_pages(
    struct slab_part *part, uint64_t head, uint64_t n, uint64_t to)
{
	uint64_t all = slab_n_pages(part->slab), i = head + n;

	if (head + to <= all)
		return true;
	if (part->pool->kind != KM_PKG)
		return false;
	while (i < all && slab_load(&part->pages[i]) == SLAB_FREE)
		i++;
	return i == all && slab_grow(part, to - n) &&
	       head + to <= slab_n_pages(part->slab);
}

/*
 * A page at a time: RES, then the head counts it, then CONT. A kill leaves a
 * page that is covered by the head, or RES of the dead that is not.
 */
static bool grow(
    struct slab_part *part, struct slab_page *page, uint64_t n, uint64_t to)
{
	uint64_t head = slab_number(part, page);
	uint64_t res = slab_res(part->slot, head), got = n;

	if (to > SLAB_N_MAX || !has_pages(part, head, n, to))
		return false;
	while (got < to && slab_page_reserve(part, head + got, res))
		got++;
	if (got < to || !slab_cas(page, slab_head(n), slab_head(to))) {
		slab_pages_unreserve(part, head + n, got - n, res);
		return false;
	}
	set_cont(part, head, n, to);
	slab_count(part->slab, (int64_t)(to - n));
	return true;
}

/* SHRK says what recovery must finish, whatever of the tail is free already. */
static bool shrink(
    struct slab_part *part, struct slab_page *page, uint64_t n, uint64_t to)
{
	uint32_t head = slab_number(part, page);

	if (!slab_cas(page, slab_head(n), slab_shrk(part->slot, n, to)))
		return false;
	for (uint64_t i = to; i < n; i++)
		slab_page_free_tail(page + i, head);
	__atomic_store_n(&page->word, slab_head(to), __ATOMIC_RELEASE);
	for (uint64_t i = to; i < n; i++)
		slab_pages_hint(part, (uint32_t)(head + i));
	slab_count(part->slab, -(int64_t)(n - to));
	return true;
}

bool slab_run_resize(
    struct slab_part *part, struct slab_page *page, const struct request *req)
{
	uint64_t n = slab_word_n(slab_load(page)), to = pages_for(req->size);

	if (req->size <= SLAB_MAX || req->size > part->data_size)
		return false;
	if (to > n && !grow(part, page, n, to))
		return false;
	if (to < n && !shrink(part, page, n, to))
		return false;
	set_tag(&page->tag, req, to);
	return true;
}
