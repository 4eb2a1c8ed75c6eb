/* SPDX-License-Identifier: ISC */
/* slab_part.c - joining a slab pool, and leaving it. */
#include "config.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mem/hold.h"
#include "mem/slab_part.h"
#include "mem/slot.h"

#define HUGE_PAGE ((size_t)2 << 20)

/* Of no generation, whatever is in the low half. */
struct slab_part slab_nobody = { .generation = 1u << 31 };

__thread struct slab_part *slab_mine[KM_POOL_KIND__COUNT] = {
	&slab_nobody,
	&slab_nobody,
};

/* The same, whatever the kernel has. */
static __thread struct slab_part *own[KM_POOL_KIND__COUNT] KM_TLS_INITIAL;

/* The thread is at its end: what it still does is done by the way. */
static __thread bool is_leaving KM_TLS_INITIAL;

static struct slab_page never;
static uint64_t never_tag;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- memory of its own -------------------------------------------------- */

void *slab_get(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* Of what is large little is used, here and there. */
	if (size >= HUGE_PAGE)
		madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

void slab_put(void *p, size_t size)
{
	if (p != NULL)
		munmap(p, size);
}

void slab_part_forget(struct slab_part **part)
{
	if (*part == NULL)
		return;
	slab_put(*part, (*part)->size);
	*part = NULL;
}

const struct slab_hint slab_bottom = { NULL, &never_tag, &never };
static struct slab_hint closed = { NULL, &never_tag, &never };

void slab_bin_open(struct slab_part *part, unsigned class)
{
	struct slab_bin *bin = &part->bin[class];
	struct slab_hint *at = part->hints + bin->place;

	if (bin->limit != bin->base)
		return;
	*at++ = slab_bottom;
	bin->top = bin->base = at;
	bin->limit = at + slab_depth(&slab_class[class], part->pool->size);
}

static void fill_bins(struct slab_part *part)
{
	uint32_t place = 0;

	for (unsigned i = 0; i < SLAB_N_CLASSES; i++) {
		struct slab_bin *bin = &part->bin[i];

		bin->top = bin->base = bin->limit = &closed + 1;
		bin->place = place;
		bin->mine = (uint32_t)part->mine | i << SLAB_CLASS_SHIFT;
		bin->inverse = slab_class[i].inverse;
		bin->bound = slab_class[i].bound;
		bin->live = part->owner | (uint64_t)slab_class[i].size
					      << SLAB_SLACK_SHIFT;
		place += slab_class[i].depth + 1u;
		slab_loan_end(part, i);
	}
}

/* Room for itself, then for its hints, then for its links, in one piece. */
static struct slab_part *get_part(const struct slab *slab)
{
	size_t hints = sizeof(struct slab_part), link, size;
	struct slab_part *part;

	link = hints;
	for (unsigned i = 0; i < SLAB_N_CLASSES; i++)
		link += (slab_class[i].depth + 1u) * sizeof(struct slab_hint);
	size = link + slab->max_pages * sizeof(struct slab_link);
	part = slab_get(size);
	if (part == NULL)
		return NULL;
	part->size = size;
	part->hints = (struct slab_hint *)((char *)part + hints);
	part->link = (struct slab_link *)((char *)part + link);
	return part;
}

/* ---- joining ------------------------------------------------------------ */

/* The slot had spans before: a copy of a pool, or a pool used again. */
static void find_spans(struct slab_part *part)
{
	struct pool_slot *slots = pool_at(part->pool, part->pool->slots);
	uint64_t all = slab_n_pages(part->slab);

	if (slots[part->slot].may_have == 0)
		all = 0;
	slots[part->slot].may_have = 1;
	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1)) {
		struct slab_page *page = &part->pages[i];
		uint64_t word = slab_load(page);

		if ((word & SLAB_MINE_MASK) != part->mine ||
		    slab_word_class(word) >= SLAB_N_CLASSES)
			continue;
		slab_span_raise(slab_side(part, page));
		slab_ring_add(part, page, slab_word_class(word));
	}
}

static void note_slot(struct slab *slab, uint32_t slot)
{
	uint32_t max = __atomic_load_n(&slab->max_slot, __ATOMIC_RELAXED);

	while (
	    slot > max && !__atomic_compare_exchange_n(&slab->max_slot, &max,
			      slot, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
}

/* Inherited by fork, not by exec: so once in a process. */
static bool register_membarrier(void)
{
	static bool is_registered;

	if (!__atomic_load_n(&is_registered, __ATOMIC_RELAXED) &&
	    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0,
		0) != 0)
		return false;
	__atomic_store_n(&is_registered, true, __ATOMIC_RELAXED);
	return true;
}

int slab_part_new(struct km_pool *pool, uint32_t slot, struct slab_part **out)
{
	struct slab *slab = slab_of(pool);
	struct pool_slot *slots = pool_at(pool, pool->slots);
	struct slab_part *part;

	slab_classes_init();
	part = get_part(slab);
	if (part == NULL)
		return -KM_ENOMEM;
	part->pool = pool;
	part->slab = slab;
	part->pages = slab_pages(pool);
	part->sides = slab_sides(pool);
	part->busy = &slots[slot].busy;
	part->mine = slab_with_slot(SLAB_SPAN, slot);
	part->owner = SLAB_LIVE | (uint64_t)slot << SLAB_OWNER_SHIFT;
	part->data = (uintptr_t)pool_at(pool, slab->data);
	part->rows = (uintptr_t)part->pages -
		     (part->data >> SLAB_PAGE_SHIFT) * sizeof(*part->pages);
	part->guess = (uintptr_t)slab_guesses(pool) -
		      (part->data >> SLAB_PAGE_SHIFT) * sizeof(uint16_t);
	part->data_size = slab->max_pages << SLAB_PAGE_SHIFT;
	part->generation = (uint64_t)pool->generation << 32;
	part->slot = slot;
	part->dead = slot;
	part->has_membarrier = register_membarrier();
	part->has_guard = slab->has_guard != 0;
	fill_bins(part);
	slab_done(part->busy);
	note_slot(slab, slot);
	find_spans(part);
	*out = part;
	return 0;
}

/* ---- leaving ------------------------------------------------------------ */

/* All spans of mine are in a ring. */
static void leave_ring(struct slab_part *part, const struct slab_bin *bin)
{
	uint32_t at = bin->hand;

	for (uint32_t n = bin->count; n > 0; n--) {
		struct slab_page *page;

		at = part->link[at].next;
		page = &part->pages[at];
		if (slab_is_mine(part, page) && !slab_span_return(part, page))
			slab_abandon(part, page);
	}
}

void slab_part_leave(struct slab_part **out)
{
	struct slab_part *part = *out;
	struct pool_slot *slots;

	if (part == NULL)
		return;
	for (unsigned i = 0; i < SLAB_N_CLASSES; i++)
		leave_ring(part, &part->bin[i]);
	slots = pool_at(part->pool, part->pool->slots);
	/* A kill before it: whoever has the slot next finds nothing. */
	slots[part->slot].may_have = 0;
	slab_part_forget(out);
}

/* ---- threads ------------------------------------------------------------ */

static void set_own(enum km_pool_kind kind, struct slab_part *part)
{
	own[kind] = part;
	slab_mine[kind] =
	    part != NULL && part->has_membarrier && !part->has_guard
		? part
		: &slab_nobody;
}

static void forget(enum km_pool_kind kind)
{
	struct slab_part *part = own[kind];

	set_own(kind, NULL);
	slab_part_forget(&part);
}

static void leave(enum km_pool_kind kind)
{
	struct slab_part *part = own[kind];
	struct km_pool *pool;
	uint32_t slot;

	if (part == NULL)
		return;
	pool = part->pool;
	slot = part->slot;
	set_own(kind, NULL);
	slab_part_leave(&part);
	/*
	 * By this one kmemd knows the process: nobody else may get it. A kill
	 * here or later finds it LIVE, and it is settled with its process.
	 */
	if (kind == KM_SHM && slot == pool_slot_in_use(kind))
		hold_clear(pool, slot);
	else
		slot_left(pool, slot);
}

/* A thread ends: its blocks stay its process's, its slot may be had again. */
static void on_exit_of_thread(void *unused)
{
	is_leaving = true;
	for (int kind = 0; kind < KM_POOL_KIND__COUNT; kind++)
		leave((enum km_pool_kind)kind);
}

/* Others' destructors, and libc behind them all, free what a thread had. */
void slab_part_done(struct slab_part *part)
{
	const struct pool_slot *slots = pool_at(part->pool, part->pool->slots);

	/* In the middle of an intent the slot is still needed. */
	if (is_leaving && slots[part->slot].intent == 0)
		leave((enum km_pool_kind)part->pool->kind);
}

uint32_t slab_slot_of_thread(enum km_pool_kind kind)
{
	return own[kind] != NULL ? own[kind]->slot : POOL_NO_SLOT;
}

/* The child of a fork is another participant of what is shared. */
static void in_child(void)
{
	forget(KM_SHM);
}

static void prepare(void)
{
	slab_classes_init();
	pthread_key_create(&key, on_exit_of_thread);
	pthread_atfork(NULL, NULL, in_child);
}

static struct slab_part *join(struct km_pool *pool)
{
	struct slab_part *part = NULL;
	uint32_t slot;

	if (slot_join(pool, &slot) != 0)
		return NULL;
	if (slab_part_new(pool, slot, &part) != 0) {
		slot_left(pool, slot);
		return NULL;
	}
	set_own((enum km_pool_kind)pool->kind, part);
	if (!is_leaving)
		pthread_setspecific(key, pool);
	return part;
}

struct slab_part *slab_part_of(struct km_pool *pool)
{
	struct slab_part *part = own[pool->kind];

	if (part != NULL && part->pool == pool)
		return part;
	pthread_once(&once, prepare);
	forget((enum km_pool_kind)pool->kind);
	return join(pool);
}

void slab_use(enum km_pool_kind kind, struct km_pool *pool, uint32_t slot)
{
	struct slab_part *part = NULL;

	pthread_once(&once, prepare);
	forget(kind);
	if (pool != NULL && pool->manager == MANAGER_SLAB)
		slab_part_new(pool, slot, &part);
	set_own(kind, part);
	if (kind == KM_SHM)
		clock_use(pool != NULL ? &pool->clock : NULL);
	else
		clock_begin();
}
