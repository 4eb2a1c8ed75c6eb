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

/* size is at most SLAB_MAX. */
static inline struct slab_bin *slab_bin_for(struct slab_part *part, size_t size)
{
	size_t i = (size + SLAB_GRAIN - 1) / SLAB_GRAIN;

	return (struct slab_bin *)((char *)part->bin + part->bin_at[i]);
}

/* Still mine, and cut as I believe, and free: nobody but me makes it live. */
static inline bool slab_is_good(
    const struct slab_bin *bin, struct slab_hint hint)
{
	return SLAB_LIKELY((uint32_t)slab_load(hint.page) == bin->mine) &&
	       SLAB_LIKELY(
		   (int64_t)__atomic_load_n(hint.tag, __ATOMIC_ACQUIRE) >= 0);
}

/*
 * The commit of a malloc.  A kill before it leaves a free block whose hint is
 * lost.
 */
static inline void slab_make_live(const struct slab_bin *bin,
    struct slab_hint hint, uint64_t size, uint64_t marks)
{
	__atomic_store_n(hint.tag,
	    (bin->live - (size << SLAB_SLACK_SHIFT)) | marks, __ATOMIC_RELEASE);
}

/*
 * True and *p, or false: ask slab_alloc_slow(). Below an empty stack is a hint
 * to a page that is never mine.
 */
static inline bool slab_alloc(
    struct slab_part *part, size_t size, uint64_t marks, void **p)
{
	uint64_t *busy = part->busy;
	struct slab_hint hint;
	struct slab_bin *bin;
	bool ok;

	if (!SLAB_LIKELY(size <= SLAB_MAX))
		return false;
	bin = slab_bin_for(part, size);
	hint = bin->top[-1];
	slab_announce(busy, hint.page);
	ok = slab_is_good(bin, hint);
	if (SLAB_LIKELY(ok)) {
		slab_make_live(bin, hint, size, marks);
		bin->top--;
		*p = hint.addr;
	}
	slab_done(busy);
	return ok;
}

/* Commit a free of a live block of a span that was entered; then the hint. */
static inline bool slab_put_hint(struct slab_bin *bin, struct slab_page *page,
    uint64_t *tag, void *p, uint64_t site)
{
	uint64_t old = __atomic_load_n(tag, __ATOMIC_ACQUIRE);
	struct slab_hint *top = bin->top;

	if (!SLAB_LIKELY((int64_t)old < 0) || !SLAB_LIKELY(top != bin->limit))
		return false;
	/* The commit: before it, a live block of the dead. */
	__atomic_store_n(tag, slab_tag_free(old, site), __ATOMIC_RELEASE);
	*top = (struct slab_hint){ p, tag, page };
	bin->top = top + 1;
	return true;
}

/*
 * Free a block of a span of mine.  False: ask slab_free_slow().
 *
 * There is no branch for pages that a span goes on in, as nobody can foretell
 * them.  Class and head are a guess, which the word of that head and the place
 * of p behind it confirm: then p is a block of that span, whatever its page
 * was.  The guess is found by a shift, as the next malloc of this class waits
 * for its bin.  Behind SLAB_N_CLASSES nothing is below the bound.
 */
static inline bool slab_free(struct slab_part *part, void *p, uint64_t site)
{
	uintptr_t number = (uintptr_t)p >> SLAB_PAGE_SHIFT;
	const uint16_t *table = (const uint16_t *)part->guess;
	struct slab_page *page;
	struct slab_bin *bin;
	uint64_t index;
	unsigned guess;
	bool ok = false;

	if (!SLAB_LIKELY((uintptr_t)p - part->data < part->data_size))
		return false;
	guess = __atomic_load_n(&table[number], __ATOMIC_RELAXED);
	bin =
	    (struct slab_bin *)((char *)part->bin + (guess & SLAB_GUESS_CLASS));
	number -= guess & SLAB_GUESS_BACK;
	page = (struct slab_page *)(part->rows + number * sizeof(*page));
	slab_announce(part->busy, page);
	if (SLAB_LIKELY((uint32_t)slab_load(page) == bin->mine)) {
		index =
		    ((uintptr_t)p - (number << SLAB_PAGE_SHIFT)) * bin->inverse;
		ok = SLAB_LIKELY((uint32_t)index < bin->bound) &&
		     SLAB_LIKELY(slab_put_hint(bin, page,
			 slab_tags_at(part, page) + (index >> 32), p, site));
	}
	slab_done(part->busy);
	return ok;
}

/*
 * The block of any span that p names, live or not. False: it is no such block,
 * or that cannot be told so quickly: slab_find() says what it is.
 */
static inline bool slab_find_quick(
    const struct slab_part *part, const void *p, struct slab_found *found)
{
	uint64_t at = (uintptr_t)p - part->data, head, word, index;
	const struct slab_class *c;

	if (!SLAB_LIKELY(at < part->data_size))
		return false;
	head = at >> SLAB_PAGE_SHIFT;
	word = slab_load(&part->pages[head]);
	if (slab_kind(word) == SLAB_CONT) {
		head = slab_word_head(word);
		word = slab_load(&part->pages[head]);
	}
	if ((slab_kind(word) != SLAB_SPAN && slab_kind(word) != SLAB_ABAND) ||
	    slab_word_class(word) >= SLAB_N_CLASSES)
		return false;
	c = &slab_class[slab_word_class(word)];
	index = (at - (head << SLAB_PAGE_SHIFT)) * c->inverse;
	*found = (struct slab_found){ &part->pages[head], word, c,
		(unsigned)(index >> 32) };
	return (uint32_t)index < c->inverse && index >> 32 < c->n_blocks;
}

/* Bytes asked for of a live one. False: it is none, as above. */
static inline bool slab_size(
    const struct slab_part *part, const void *p, size_t *size)
{
	struct slab_found found;
	uint64_t tag;

	if (!slab_find_quick(part, p, &found))
		return false;
	slab_tag_of(part, &found, &tag);
	*size = found.class->size - slab_tag_slack(tag);
	return (tag & SLAB_LIVE) != 0;
}

#endif
