/* SPDX-License-Identifier: ISC */
/* slab.h - the layout of a pool under the manager slab. */
#ifndef KMEM_MEM_SLAB_H
#define KMEM_MEM_SLAB_H
/*
 * README.md in this folder has the picture, the words, and the argument for
 * each kill point.  In short:
 *
 *   | header slots sites | slab | page table | side table | ... | pages ... |
 *
 * The data are pages.  Each has a row in the page table, whose word says what
 * the page is.  A span is one to sixteen pages cut into equal blocks, and
 * belongs to one participant; a run is the pages of one large block.
 *
 * A block is live if, and only if, LIVE is set in its tag.  Tags lie away from
 * the data, in pages of their own at the upper end.  Everything else that
 * knows of free blocks (stacks, hint bytes) is a hint: it may be wrong both
 * ways, is verified against the tag, and can be raised again from tags.
 *
 * Concurrency: any number of participants, each a thread with a slot.  Page
 * words change by CAS; there is no lock anywhere.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/export.h"
#include "mem/pool.h"

#define SLAB_PAGE_SHIFT 12
#define SLAB_PAGE	((size_t)1 << SLAB_PAGE_SHIFT) /* bytes */
#define SLAB_N_CLASSES	72
#define SLAB_MAX	32768u /* bytes; a larger block is a run of pages */
#define SLAB_GRAIN	16u    /* bytes; classes are multiples of it */
#define SLAB_N_HINTS	8      /* hint bytes of a span */
#define SLAB_GROUP	64u    /* pages with a page hint in common */
#define SLAB_HINT_ANY	255u   /* page hint: nobody knows how many are free */
#define SLAB_UNIT	64u    /* bytes of tags: 8 of them */
#define SLAB_UNITS	64u    /* of a page of tags */
#define SLAB_NO_PAGE	UINT32_MAX

/* What a page is: the low bits of its word. Zero memory is free pages. */
enum slab_kind {
	SLAB_FREE,
	SLAB_SPAN,   /* first page of a span: class, slot, version */
	SLAB_ABAND,  /* the same, without an owner: class, version */
	SLAB_RES,    /* being claimed: slot, head */
	SLAB_CONT,   /* a further page of a span or run: slot, head */
	SLAB_HEAD,   /* first page of a run: number of pages */
	SLAB_DYING,  /* first page, being freed: slot, number of pages */
	SLAB_SHRK,   /* first page, tail being cut off: slot, number, new one */
	SLAB_TAGS,   /* holds tags: its row says which units are taken */
	SLAB_CLOSED, /* holds tags, and nobody claims more of it: slot */
	SLAB_GUARD,  /* below pages of tags, so that no overrun reaches them */
	SLAB_KIND__COUNT
};

/* The fields of a word; those of one kind do not meet. */
#define SLAB_KIND_MASK	 0xfull
#define SLAB_CLASS_SHIFT 4
#define SLAB_CLASS_MASK	 (0x7full << SLAB_CLASS_SHIFT)
#define SLAB_SLOT_SHIFT	 11
#define SLAB_SLOT_MASK	 (0xfffull << SLAB_SLOT_SHIFT)
#define SLAB_VER_SHIFT	 32 /* 32 bits; the low half says whose and what */
#define SLAB_HEAD_SHIFT	 23 /* 41 bits: page number */
#define SLAB_N_SHIFT	 23 /* 24 bits: pages */
#define SLAB_N_MAX	 0xffffffu
#define SLAB_MINE_MASK	 (SLAB_KIND_MASK | SLAB_SLOT_MASK)

/* A row of the page table: what malloc and free read. */
struct slab_page {
	uint64_t word; /* enum slab_kind and its fields */
	union {
		uint64_t unit;	/* of a span: its tags, see slab_tags_at() */
		uint64_t tag;	/* of a run */
		uint64_t units; /* of a page of tags: a bit for each taken */
		uint64_t was;	/* of a free page: the tag of a run, or what
				   slab_was_span() makes of the word of a span;
				   0: neither */
	};
};
_Static_assert(sizeof(struct slab_page) == 16, "four rows to a cache line");

/*
 * And a row of the side table: what others write while the owner of a span
 * reads the row above.
 */
struct slab_side {
	uint8_t hint[SLAB_N_HINTS]; /* group of blocks may hold free ones */
};

/*
 * Of each page, what the tables take: its rows, and its guess.  So they are one
 * part in so many of the largest size of a pool, or less.
 */
#define SLAB_ROW_BYTES                                                         \
	(sizeof(struct slab_page) + sizeof(struct slab_side) + sizeof(uint16_t))
#define SLAB_TABLES_PART ((unsigned)(SLAB_PAGE / SLAB_ROW_BYTES))

/*
 * A tag.  A live one has LIVE, state, epoch (seconds of CLOCK_BOOTTIME, which
 * wrap in 97 days), slack (bytes of the block not asked for), owner's slot and
 * site.  A free one keeps slack and site, and has the freeing site in the
 * place of the epoch.  A run's tag never has LIVE: its page word is the truth.
 */
#define SLAB_LIVE	 (1ull << 63)
#define SLAB_STATE_SHIFT 61 /* enum block_state */
#define SLAB_STATE_MASK	 3ull
#define SLAB_EPOCH_SHIFT 38
#define SLAB_EPOCH_MASK	 0x7fffffull /* 23 bits */
#define SLAB_SLACK_SHIFT 26
#define SLAB_SLACK_MASK	 0xfffull
#define SLAB_OWNER_SHIFT 14
#define SLAB_OWNER_MASK	 0xfffull
#define SLAB_SITE_MASK	 0x3fffull

/* At pool->data. */
struct slab {
	uint32_t max_slot;  /* no slot above it has ever taken part */
	uint32_t has_guard; /* 1: behind each block, slab_guard.h */
	uint64_t n_pages;   /* in use as a pool; grows by CAS */
	uint64_t max_pages; /* rows of the page table */
	uint64_t n_held;    /* pages not free; a hint after a death */
	uint64_t max_held;  /* the most there have been */
	uint64_t n_begun;   /* spans, ever: their versions */
	pool_off pages;	    /* struct slab_page [max_pages] */
	pool_off sides;	    /* struct slab_side [max_pages] */
	/*
	 * A byte per SLAB_GROUP pages: so many free pages in a row may begin
	 * there, or SLAB_HINT_ANY.
	 */
	pool_off hints;
	pool_off data; /* page 0 */
	/* Where to look first; any value is safe. */
	uint32_t tags_low; /* the lowest page of tags made last */
	uint32_t tags_at;  /* a page of tags with room */
	/* Where a span without an owner may be: its page plus one; 0: nowhere.
	 */
	uint32_t aband[SLAB_N_CLASSES];
	/* A byte per SLAB_GROUP pages; 0: none of them was ever claimed. */
	pool_off touched;
	pool_off guess; /* of each page: slab_guess() */
};

/*
 * What a free takes for granted of a page until it sees the head of the span:
 * of the span that this page was in last, the class, and how many pages before
 * it the head is.  Written before the word of that head, by who has the pages.
 */
#define SLAB_GUESS_BACK	 0xfu
#define SLAB_GUESS_SHIFT 6 /* the bin of a class is that far away */
#define SLAB_GUESS_CLASS (0x7fu << SLAB_GUESS_SHIFT)

static inline uint16_t slab_guess(unsigned class, unsigned back)
{
	return (uint16_t)(class << SLAB_GUESS_SHIFT | back);
}

/* ---- classes: slab_class.c ---------------------------------------------- */

struct slab_class {
	uint32_t size; /* bytes of a block */
	/*
	 * offset * inverse >> 32 is the block's index; what is left below is
	 * less than bound for the first byte of a block, and for nothing else.
	 */
	uint32_t inverse;
	uint32_t bound;
	uint16_t n_blocks; /* of a span */
	uint8_t n_pages;
	uint8_t n_units; /* of tags */
	uint8_t shift;	 /* index >> shift is the hint's group */
	uint8_t depth;	 /* of a participant's stack, at most */
};

extern struct slab_class slab_class[SLAB_N_CLASSES] KM_HIDDEN;
extern uint8_t slab_class_of[SLAB_MAX / SLAB_GRAIN + 1] KM_HIDDEN;

/* Fill both tables, once in a process. */
void slab_classes_init(void);

/* Changes with sizes and with how spans are cut. */
uint64_t slab_classes_hash(void);

/* Of a participant's stack, in a pool of this size. */
unsigned slab_depth(const struct slab_class *c, uint64_t pool_size);

/* ---- words -------------------------------------------------------------- */

static inline unsigned slab_kind(uint64_t word)
{
	return (unsigned)(word & SLAB_KIND_MASK);
}

static inline unsigned slab_word_class(uint64_t word)
{
	return (unsigned)((word & SLAB_CLASS_MASK) >> SLAB_CLASS_SHIFT);
}

static inline uint32_t slab_word_slot(uint64_t word)
{
	return (uint32_t)((word & SLAB_SLOT_MASK) >> SLAB_SLOT_SHIFT);
}

static inline uint64_t slab_word_head(uint64_t word)
{
	return word >> SLAB_HEAD_SHIFT;
}

/* Pages of a run, of any kind that has them. */
static inline uint64_t slab_word_n(uint64_t word)
{
	return (word >> SLAB_N_SHIFT) & SLAB_N_MAX;
}

/* The new number of pages of SLAB_SHRK: in two fields. */
static inline uint64_t slab_word_m(uint64_t word)
{
	return (word >> 47) | (word & SLAB_CLASS_MASK) << (17 - 4);
}

static inline uint64_t slab_with_slot(enum slab_kind kind, uint32_t slot)
{
	return (uint64_t)kind | (uint64_t)slot << SLAB_SLOT_SHIFT;
}

static inline uint64_t slab_res(uint32_t slot, uint64_t head)
{
	return slab_with_slot(SLAB_RES, slot) | head << SLAB_HEAD_SHIFT;
}

static inline uint64_t slab_cont(uint32_t slot, uint64_t head)
{
	return slab_with_slot(SLAB_CONT, slot) | head << SLAB_HEAD_SHIFT;
}

static inline uint64_t slab_head(uint64_t n)
{
	return SLAB_HEAD | n << SLAB_N_SHIFT;
}

static inline uint64_t slab_dying(uint32_t slot, uint64_t n)
{
	return slab_with_slot(SLAB_DYING, slot) | n << SLAB_N_SHIFT;
}

static inline uint64_t slab_shrk(uint32_t slot, uint64_t n, uint64_t m)
{
	return slab_with_slot(SLAB_SHRK, slot) | n << SLAB_N_SHIFT |
	       (m & 0x1ffff) << 47 | (m >> 17) << SLAB_CLASS_SHIFT;
}

/* The same span with another owner, or (kind SLAB_ABAND, slot 0) none. */
static inline uint64_t slab_owned(
    uint64_t word, enum slab_kind kind, uint32_t slot)
{
	return (word & ~SLAB_MINE_MASK) | slab_with_slot(kind, slot);
}

static inline uint64_t slab_load(const struct slab_page *page)
{
	return __atomic_load_n(&page->word, __ATOMIC_ACQUIRE);
}

static inline bool slab_cas(struct slab_page *page, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(
	    &page->word, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* Of the word of a span.  LIVE: no run's tag is like that. */
static inline uint64_t slab_was_span(uint64_t word)
{
	return SLAB_LIVE | word >> SLAB_VER_SHIFT;
}

/* A page of tags, also while it is closed. */
static inline bool slab_holds_tags(uint64_t word)
{
	return slab_kind(word) == SLAB_TAGS || slab_kind(word) == SLAB_CLOSED;
}

/* What goes with the word; others may be reading it. */
static inline void slab_set_more(struct slab_page *page, uint64_t more)
{
	__atomic_store_n(&page->was, more, __ATOMIC_RELEASE);
}

/* ---- places ------------------------------------------------------------- */

static inline struct slab *slab_of(const struct km_pool *pool)
{
	return pool_at(pool, pool->data);
}

static inline uint16_t *slab_guesses(const struct km_pool *pool)
{
	return pool_at(pool, slab_of(pool)->guess);
}

static inline struct slab_page *slab_pages(const struct km_pool *pool)
{
	return pool_at(pool, slab_of(pool)->pages);
}

static inline struct slab_side *slab_sides(const struct km_pool *pool)
{
	return pool_at(pool, slab_of(pool)->sides);
}

static inline uint64_t slab_n_pages(const struct slab *slab)
{
	return __atomic_load_n(&slab->n_pages, __ATOMIC_ACQUIRE);
}

/* Bytes from page 0 to a unit of tags: page number and place in it. */
static inline uint64_t slab_unit_off(uint64_t unit)
{
	return unit * SLAB_UNIT;
}

/* Whether n tags from there on are among so many bytes of pages. */
static inline bool slab_unit_is_in(uint64_t unit, unsigned n, uint64_t bytes)
{
	return unit < bytes / SLAB_UNIT &&
	       bytes - slab_unit_off(unit) >= n * sizeof(uint64_t);
}

/* ---- tags --------------------------------------------------------------- */

static inline uint64_t slab_tag_free(uint64_t tag, uint64_t site)
{
	tag &= ~(SLAB_LIVE | SLAB_STATE_MASK << SLAB_STATE_SHIFT |
		 SLAB_EPOCH_MASK << SLAB_EPOCH_SHIFT);
	return tag | site << SLAB_EPOCH_SHIFT;
}

static inline uint32_t slab_tag_site(uint64_t tag)
{
	return (uint32_t)(tag & SLAB_SITE_MASK);
}

static inline uint32_t slab_tag_owner(uint64_t tag)
{
	return (uint32_t)(tag >> SLAB_OWNER_SHIFT & SLAB_OWNER_MASK);
}

static inline enum block_state slab_tag_state(uint64_t tag)
{
	return (enum block_state)(tag >> SLAB_STATE_SHIFT & SLAB_STATE_MASK);
}

static inline uint32_t slab_tag_slack(uint64_t tag)
{
	return (uint32_t)(tag >> SLAB_SLACK_SHIFT & SLAB_SLACK_MASK);
}

/* Of a live tag; of a free one it is the freeing site. */
static inline uint32_t slab_tag_epoch(uint64_t tag)
{
	return (uint32_t)(tag >> SLAB_EPOCH_SHIFT & SLAB_EPOCH_MASK);
}

#endif
