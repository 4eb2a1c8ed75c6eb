/* SPDX-License-Identifier: ISC */
/* slab_part.h - a participant of a slab pool: what its thread keeps of it. */
#ifndef KMEM_MEM_SLAB_PART_H
#define KMEM_MEM_SLAB_PART_H
/*
 * All of it is private memory of the thread and holds hints only, but for
 * `busy`, which is in the participant's slot: while it names a span, nobody
 * else may take that span.
 *
 * Lifetime: slab_part_new() to slab_part_free() or slab_part_forget().
 * Concurrency: one thread.
 */
#include <string.h>

#include "base/err.h"
#include "mem/clock.h"
#include "mem/manager.h"
#include "mem/slab.h"

/* A block that was free when this was noted. */
struct slab_hint {
	void *addr;
	uint64_t *tag;
	struct slab_page *page; /* first of its span */
};

/* Of each class. The stack is between base and limit. */
struct slab_bin {
	struct slab_hint *top; /* the next free place */
	struct slab_hint *base;
	struct slab_hint *limit;
	uint64_t live;	  /* the tag of a block of mine that is all slack */
	uint32_t mine;	  /* low half of the page word of a span of mine */
	uint32_t inverse; /* this and bound as of the class */
	uint32_t hand;	  /* page before the one to look at: slab_ring.c */
	uint32_t count;	  /* spans in the ring */
	uint32_t place;	  /* of its stack, once it is open, among the hints */
	uint32_t bound;
	uint32_t loans; /* since its last claim: slab_loan.c */
	uint32_t reserved;
};
_Static_assert(sizeof(struct slab_bin) == 64, "its place is a shift");

/* Of any class that a word may name: behind SLAB_N_CLASSES nothing is mine. */
#define SLAB_N_BINS ((unsigned)(SLAB_CLASS_MASK >> SLAB_CLASS_SHIFT) + 1)

#define SLAB_LOAN 8u /* blocks that a class borrows at once */

/* Of each page: links of the rings. */
struct slab_link {
	uint32_t next; /* page number */
	uint16_t out;  /* blocks handed out or in the stack, about */
	uint8_t class; /* of the ring it is in, plus one; 0: none */
	uint8_t reserved;
};

struct slab_part {
	struct slab_bin bin[SLAB_N_BINS]; /* first */
	/* Of each class, what it has on loan, and the stack of that. */
	struct slab_bin loan[SLAB_N_CLASSES];
	struct slab_hint lent[SLAB_N_CLASSES][SLAB_LOAN + 1];
	/* By size in grains, how far behind `bin` its bin is, in bytes. */
	uint16_t bin_at[SLAB_MAX / SLAB_GRAIN + 1];
	struct km_pool *pool;
	struct slab *slab;
	struct slab_page *pages;
	struct slab_side *sides;
	uint64_t *busy; /* in the slot: the page of a span, or 0 */
	uint64_t mine;	/* kind and slot of a span of mine */
	uint64_t owner; /* LIVE and slot, as in a tag */
	/* Of page 0 of the address space, if it had them. */
	uintptr_t rows;
	uintptr_t guess;
	uintptr_t data; /* address of page 0 */
	uint64_t data_size;
	uint64_t generation; /* of the pool, in the high half */
	uint32_t slot;
	uint32_t cursor; /* group of pages where free ones were last */
	uint32_t n_slow; /* calls that were not the usual case */
	uint32_t dead;	 /* the slot being recovered; else my own */
	bool has_membarrier;
	bool has_guard; /* as the pool */
	size_t size;	/* bytes of it, with what is behind: */
	struct slab_hint *hints;
	struct slab_link *link;
};

/*
 * Of this thread, by kind of pool; slab_nobody: none, another manager, or one
 * that cannot use the fast paths: the pool has guards, or the kernel has no
 * membarrier.
 */
extern __thread struct slab_part *slab_mine[KM_POOL_KIND__COUNT] KM_TLS_INITIAL;

/* No site has a row in its pool. */
extern struct slab_part slab_nobody;

/* This thread's, which joins the pool if need be; NULL: it could not. */
struct slab_part *slab_part_of(struct km_pool *pool);

/* This thread uses the pool with this slot; NULL: none any more. */
void slab_use(enum km_pool_kind kind, struct km_pool *pool, uint32_t slot);

/* Its slot; POOL_NO_SLOT: it has not joined. */
uint32_t slab_slot_of_thread(enum km_pool_kind kind);

/*
 * What a call has been done with is not needed any more: a thread that is at
 * its end leaves, since nobody would tell again.
 */
void slab_part_done(struct slab_part *part);

/* Returns 0 and *part, or -KM_ENOMEM. Spans that the slot has are found. */
int slab_part_new(struct km_pool *pool, uint32_t slot, struct slab_part **part);

/* Give spans back, what is used to whoever wants it, and let go. */
void slab_part_leave(struct slab_part **part);

/* Let go; the pool is left as it is. */
void slab_part_forget(struct slab_part **part);

/* Zero-filled memory of the system, which no pool has to do with; or NULL. */
void *slab_get(size_t size);
void slab_put(void *p, size_t size);

/* ---- places ------------------------------------------------------------- */

static inline uint32_t slab_number(
    const struct slab_part *part, const struct slab_page *page)
{
	return (uint32_t)(page - part->pages);
}

static inline struct slab_side *slab_side(
    const struct slab_part *part, const struct slab_page *page)
{
	return &part->sides[page - part->pages];
}

static inline char *slab_addr(
    const struct slab_part *part, const struct slab_page *page)
{
	return (char *)(part->data +
			((uint64_t)slab_number(part, page) << SLAB_PAGE_SHIFT));
}

static inline uint64_t *slab_tags_at(
    const struct slab_part *part, const struct slab_page *page)
{
	uint64_t unit = __atomic_load_n(&page->unit, __ATOMIC_RELAXED);

	return (uint64_t *)(part->data + slab_unit_off(unit));
}

/* ---- the announcement --------------------------------------------------- */

/*
 * From here to slab_done() nobody takes the span away.  A plain store: who
 * wants to take it runs a membarrier before it looks.  A kill leaves the word
 * behind, which recovery clears.
 */
static inline void slab_announce(uint64_t *busy, const struct slab_page *page)
{
	__atomic_store_n(busy, (uintptr_t)page, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void slab_done(uint64_t *busy)
{
	__atomic_store_n(busy, 0, __ATOMIC_RELEASE);
}

/* The same, also without membarrier: for all but the fast paths. */
static inline void slab_announce_any(
    const struct slab_part *part, const struct slab_page *page)
{
	slab_announce(part->busy, page);
	if (!part->has_membarrier)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline bool slab_is_mine(
    const struct slab_part *part, const struct slab_page *page)
{
	return (slab_load(page) & SLAB_MINE_MASK) == part->mine;
}

/* ---- slab.c: what is not the usual case --------------------------------- */

/* A block that a caller's pointer names. */
struct slab_found {
	struct slab_page *page; /* first of its span or run */
	uint64_t word;
	const struct slab_class *class; /* NULL: a run */
	unsigned index;			/* in the span */
};

/*
 * Where the tag of a block of a span is, and what it is.  It is 0, as of a free
 * one, when the span is gone: who does not hold the block may find that, and
 * the row says something else.
 */
static inline uint64_t *slab_tag_of(
    const struct slab_part *part, const struct slab_found *found, uint64_t *tag)
{
	uint64_t unit = __atomic_load_n(&found->page->unit, __ATOMIC_ACQUIRE);
	uint64_t word = slab_load(found->page), *at = NULL;

	*tag = 0;
	if (((word ^ found->word) & ~SLAB_MINE_MASK) == 0) {
		at = (uint64_t *)(part->data + slab_unit_off(unit));
		at += found->index;
		*tag = __atomic_load_n(at, __ATOMIC_ACQUIRE);
	}
	return at;
}

/* Returns 0 and *found, or -KM_EINVAL: what is wrong. Live or not is open. */
int slab_find(const struct slab_part *part, const void *p,
    struct slab_found *found, struct misuse *misuse);

void *slab_alloc_slow(struct slab_part *part, size_t size, uint32_t site);
/*
 * Free a block of a span that is not mine. False: it is mine, a run, or no live
 * block; ask slab_free_slow().
 */
bool slab_free_other(struct slab_part *part, void *p, uint32_t site);
/* As manager.free. */
int slab_free_slow(
    struct slab_part *part, void *p, uint32_t site, struct misuse *misuse);

/* ---- slab_page.c: claiming pages ---------------------------------------- */

/*
 * n pages in a row, now RES(me), which begin at a multiple of align, a power
 * of two of at least SLAB_PAGE. SLAB_NO_PAGE: there are none.
 */
uint32_t slab_pages_claim(struct slab_part *part, uint64_t n, size_t align);

/* The same, whatever hints say: they may be down while somebody looks. */
uint32_t slab_pages_claim_last(
    struct slab_part *part, uint64_t n, size_t align);

/*
 * Make up to n free pages from `head` on RES(me), of that head. Returns how
 * many could be had before the first that could not.
 */
uint64_t slab_pages_reserve(struct slab_part *part, uint64_t head, uint64_t n);

/* One page, from FREE to `res`: all that is claimed is claimed by this. */
bool slab_page_reserve(struct slab_part *part, uint64_t number, uint64_t res);

/* From a group on, which begins with page i: the first that was touched. */
uint64_t slab_next_group(const struct slab_part *part, uint64_t i);

/*
 * For a loop over all pages: the first from i on that may not be free. Of a
 * pool of which little was ever used, little is looked at.
 */
static inline uint64_t slab_next_page(const struct slab_part *part, uint64_t i)
{
	return i % SLAB_GROUP != 0 ? i : slab_next_group(part, i);
}

/* Give back n pages that are still `res`. */
void slab_pages_unreserve(
    struct slab_part *part, uint64_t from, uint64_t n, uint64_t res);

/*
 * Free a further page of a span or run that begins at `head`, whoever it
 * names. Recovery of that one may make CONT of RES at the same time.
 */
void slab_page_free_tail(struct slab_page *page, uint64_t head);

/* Give back what is still RES or CONT of mine, the head last. */
void slab_pages_release(struct slab_part *part, uint32_t head, uint64_t n);

/* So many more pages, or fewer, are in use now. */
void slab_count(struct slab *slab, int64_t pages);

/* A page may be free: say so to whoever looks for one. */
void slab_pages_hint(const struct slab_part *part, uint32_t page);
void slab_pages_hint_all(const struct slab_part *part);

/* ---- slab_trim.c -------------------------------------------------------- */

/* Memory of free pages in [i, end) to the system. Returns how many bytes. */
size_t slab_trim_pages(struct slab_part *part, uint64_t i, uint64_t end);

/* ---- slab_grow.c ------------------------------------------------------- */

/*
 * A claim of so many pages in a row has failed: make the pool larger.
 * True: it is larger now, look again. False: it cannot be, or not enough.
 */
bool slab_grow(struct slab_part *part, uint64_t pages);

/* pool->size follows n_pages: after a death. */
void slab_settle_size(struct km_pool *pool);

/* ---- slab_unit.c: memory for tags --------------------------------------- */

/* Tags for a span that is RES(me). 0 and page->unit, or -KM_ENOMEM. */
int slab_unit_claim(
    struct slab_part *part, struct slab_page *page, unsigned n_units);
/* From then on the row says what it was. */
void slab_unit_release(struct slab_part *part, struct slab_page *page,
    unsigned n_units, uint64_t was);
/* Units that no span names: those of the dead. */
void slab_unit_sweep(struct slab_part *part);
/* Free pages of tags that hold none. */
void slab_unit_trim(struct slab_part *part);

/* ---- slab_span.c -------------------------------------------------------- */

/* A new span of this class; NULL: no pages. It is in no ring. */
struct slab_page *slab_span_claim(struct slab_part *part, unsigned class);
/* The same, whatever hints say. */
struct slab_page *slab_span_claim_last(struct slab_part *part, unsigned class);

/* Give a span of mine back if all its blocks are free. */
bool slab_span_return(struct slab_part *part, struct slab_page *page);

/* Free blocks of a span of mine onto the stack. Returns how many. */
unsigned slab_span_collect(
    struct slab_part *part, struct slab_page *page, unsigned class);

/*
 * All hints of a span, a byte each, in memory order.  Whoever puts one up
 * stores a byte; to read them together may miss it for a moment, no more.
 */
static inline uint64_t slab_hints(const struct slab_side *side)
{
	uint64_t hints;

	memcpy(&hints, side->hint, sizeof(hints));
	return hints;
}

/* All its groups may hold free blocks. */
void slab_span_raise(struct slab_side *side);

/* Whether a tag of the span is free; whether all are. */
bool slab_span_has_free(
    const struct slab_part *part, const struct slab_page *page);
bool slab_span_is_empty(
    const struct slab_part *part, const struct slab_page *page);

/* Free a block that is not mine to hand out. */
int slab_span_free_far(struct slab_part *part, const struct slab_found *found,
    uint32_t site, struct misuse *misuse);

/* A block of this group may be free: behind the store that made it so. */
void slab_span_hint(struct slab_side *side, unsigned group);

/* ---- slab_change.c ------------------------------------------------------ */

/* As manager.change. */
bool slab_change(struct km_pool *pool, void *p, const struct holding *from,
    const struct holding *to, uint32_t site);

/* ---- slab_take.c -------------------------------------------------------- */

/*
 * Make the span of `word` mine, whoever has it: a dead, stopped, idle or
 * busy participant. False: it is in use this very moment, or has changed.
 */
bool slab_take(struct slab_part *part, struct slab_page *page, uint64_t word);

/* A slot's thread is dead: its spans can be taken without a barrier for each.
 */
void slab_take_from_dead(struct slab_part *part, uint32_t slot);

/* It is mine: let anybody have it. */
void slab_abandon(struct slab_part *part, struct slab_page *page);

/* A span of this class with free blocks: nobody's; or, if need be, anybody's.
 */
struct slab_page *slab_take_orphan(struct slab_part *part, unsigned class);
struct slab_page *slab_take_partial(struct slab_part *part, unsigned class);

/* Give a span back if it is empty, whoever has it. */
void slab_give_back(struct slab_part *part, struct slab_page *page);

/* The same with all of them. */
void slab_take_empty(struct slab_part *part);

/* ---- slab_ring.c -------------------------------------------------------- */

/* Below a stack: never mine, so an empty one gives none. */
extern const struct slab_hint slab_bottom KM_HIDDEN;

/* A span of mine, to be looked at next. */
void slab_ring_add(
    struct slab_part *part, struct slab_page *page, unsigned class);

/* Fill the stack of a class from spans that are mine, or nobody's. */
bool slab_collect(struct slab_part *part, unsigned class);

/* From a new span, or by whatever else gives one. False: no memory. */
bool slab_refill(struct slab_part *part, unsigned class);

/*
 * A class has its stack from its first use on: most threads use few. Before,
 * it is empty and full. Asked for again it does nothing.
 */
void slab_bin_open(struct slab_part *part, unsigned class);

/* Make room on a full stack. */
void slab_spill(struct slab_part *part, unsigned class);

/* ---- slab_loan.c -------------------------------------------------------- */

/* Blocks of a larger class for this one, as long as they last. */
bool slab_borrow(struct slab_part *part, unsigned class);

/* There is nothing else: what any larger one has, however little. */
bool slab_borrow_any(struct slab_part *part, unsigned class);

/* They are used up. */
void slab_loan_end(struct slab_part *part, unsigned class);

/* ---- slab_run.c: large blocks ------------------------------------------- */

void *slab_run_alloc(struct slab_part *part, const struct request *req);
int slab_run_free(struct slab_part *part, struct slab_page *page, const void *p,
    uint32_t site, struct misuse *misuse);
/* In place. False: it cannot be. */
bool slab_run_resize(
    struct slab_part *part, struct slab_page *page, const struct request *req);
/* Bytes of a run. */
size_t slab_run_size(uint64_t n, uint64_t tag);

/* Of a run, or what was one; 0: it is, or was, a span. */
uint64_t slab_run_tag(const struct slab_page *page, uint64_t word);

#endif
