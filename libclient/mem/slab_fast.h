/* SPDX-License-Identifier: ISC */
/* slab_fast.h - the few instructions of a malloc and of a free, inline. */
#ifndef KMEM_MEM_SLAB_FAST_H
#define KMEM_MEM_SLAB_FAST_H
/*
 * Plain stores only: no locked instruction, no fence, no call.  What is not
 * the usual case changes nothing and is told so: slab.c does it.
 *
 * Concurrency: `part` is this thread's, and has membarrier.
 */
#include "mem/slab_part.h"

#define SLAB_LIKELY(x) __builtin_expect((x), 1)

static inline struct slab_bin *slab_bin_of(
    struct slab_part *part, uint64_t word)
{
	return &part->bin[slab_word_class(word)];
}

/* size is at most SLAB_MAX. */
static inline struct slab_bin *slab_bin_for(struct slab_part *part, size_t size)
{
	size_t i = (size + SLAB_GRAIN - 1) / SLAB_GRAIN;

	return (struct slab_bin *)((char *)part->bin + slab_bin_at[i]);
}

/*
 * Verify a hint and make its block live.  False: it was none.  A kill before
 * the commit leaves a free block whose hint is lost.
 */
static inline bool slab_take_hint(const struct slab_part *part,
    const struct slab_bin *bin, const struct slab_page *page, uint64_t *tag,
    uint64_t size, uint64_t site)
{
	/* Still mine, and cut as I believe; nobody but me makes it live. */
	if (!SLAB_LIKELY((slab_load(page) & SLAB_OWN_MASK) == bin->mine) ||
	    !SLAB_LIKELY((int64_t)__atomic_load_n(tag, __ATOMIC_ACQUIRE) >= 0))
		return false;
	size = (bin->size - size) << SLAB_SLACK_SHIFT;
	site |= part->owner | *slab_clock;
	/* The commit. */
	__atomic_store_n(tag, size | site, __ATOMIC_RELEASE);
	return true;
}

/*
 * True and *p, or false: ask slab_alloc_slow(). Below an empty stack is a hint
 * to a page that is never mine.
 */
static inline bool slab_alloc(
    struct slab_part *part, size_t size, uint64_t site, void **p)
{
	struct slab_page *page;
	struct slab_bin *bin;
	struct slab_hint *top;
	bool ok;

	if (!SLAB_LIKELY(size <= SLAB_MAX))
		return false;
	bin = slab_bin_for(part, size);
	top = bin->top;
	page = top[-1].page;
	slab_announce(part->busy, page);
	ok = SLAB_LIKELY(
	    slab_take_hint(part, bin, page, top[-1].tag, size, site));
	if (ok) {
		bin->top--;
		*p = top[-1].addr;
	}
	slab_done(part->busy);
	return ok;
}

/*
 * Where p lies: the first page of its span with its word, and the bytes from
 * there.
 * False: not in a span of mine.
 */
static inline bool slab_find_mine(const struct slab_part *part, const void *p,
    struct slab_page **page, uint64_t *word, uint64_t *off)
{
	uint64_t at = (uintptr_t)p - part->data;

	if (!SLAB_LIKELY(at < part->data_size))
		return false;
	*page = &part->pages[at >> SLAB_PAGE_SHIFT];
	*word = slab_load(*page);
	*off = at & (SLAB_PAGE - 1);
	if (SLAB_LIKELY((*word & SLAB_MINE_MASK) == part->mine))
		return true;
	if (slab_kind(*word) != SLAB_CONT)
		return false;
	*page = &part->pages[slab_word_head(*word)];
	*off = at - (slab_word_head(*word) << SLAB_PAGE_SHIFT);
	*word = slab_load(*page);
	return (*word & SLAB_MINE_MASK) == part->mine;
}

/*
 * Free a block of a span of mine: one committing store, then the hint.
 * False: ask slab_free_slow().  An index behind the last block has a tag too,
 * that is never live.
 */
static inline bool slab_free(struct slab_part *part, void *p, uint64_t site)
{
	uint64_t word, off, old, index, *tag;
	struct slab_page *page;
	struct slab_bin *bin;
	struct slab_hint *h;

	if (!SLAB_LIKELY(slab_find_mine(part, p, &page, &word, &off)))
		return false;
	bin = slab_bin_of(part, word);
	index = off * bin->inverse;
	/* What is no multiple of the size leaves more in the low half. */
	if (!SLAB_LIKELY((uint32_t)index < bin->inverse) ||
	    !SLAB_LIKELY(bin->top != bin->limit))
		return false;
	slab_announce(part->busy, page);
	tag = slab_tags_at(part, page) + (index >> 32);
	old = __atomic_load_n(tag, __ATOMIC_ACQUIRE);
	if (!SLAB_LIKELY((int64_t)old < 0) ||
	    !SLAB_LIKELY(slab_load(page) == word)) {
		slab_done(part->busy);
		return false;
	}
	/* The commit: before it, a live block of the dead. */
	__atomic_store_n(tag, slab_tag_free(old, site), __ATOMIC_RELEASE);
	h = bin->top;
	h->addr = p;
	h->tag = tag;
	h->page = page;
	bin->top++;
	slab_done(part->busy);
	return true;
}

#endif
