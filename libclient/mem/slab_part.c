/* SPDX-License-Identifier: ISC */
/* slab_part.c - joining a slab pool, and leaving it. */
#include "config.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mem/slab_part.h"
#include "mem/slot.h"

/* Of no generation, whatever is in the low half. */
struct slab_part slab_nobody = { .generation = 1u << 31 };

__thread struct slab_part *slab_mine[KM_POOL_KIND__COUNT] = {
	&slab_nobody,
	&slab_nobody,
};

/* The same, whatever the kernel has. */
static __thread struct slab_part *own[KM_POOL_KIND__COUNT];

uint16_t slab_bin_at[SLAB_MAX / SLAB_GRAIN + 1];

static uint64_t own_clock;
uint64_t *slab_clock = &own_clock;

static struct slab_page never;
static uint64_t never_tag;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- memory of its own -------------------------------------------------- */

static void *get(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p != MAP_FAILED ? p : NULL;
}

static void put(void *p, size_t size)
{
	if (p != NULL)
		munmap(p, size);
}

void slab_part_forget(struct slab_part **part)
{
	if (*part == NULL)
		return;
	put((*part)->hints, (*part)->hints_size);
	put((*part)->link, (*part)->link_size);
	put(*part, sizeof(**part));
	*part = NULL;
}

static void fill_bin_at(void)
{
	for (size_t i = 0; i <= SLAB_MAX / SLAB_GRAIN; i++)
		slab_bin_at[i] =
		    (uint16_t)(slab_class_of[i] * sizeof(struct slab_bin));
}

static int get_arrays(struct slab_part *part)
{
	struct slab_hint *at;
	size_t n = 0;

	for (unsigned i = 0; i < SLAB_N_CLASSES; i++)
		n += slab_class[i].depth + 1u;
	part->hints_size = n * sizeof(struct slab_hint);
	part->link_size = part->slab->max_pages * sizeof(struct slab_link);
	part->hints = get(part->hints_size);
	part->link = get(part->link_size);
	if (part->hints == NULL || part->link == NULL)
		return -KM_ENOMEM;
	at = part->hints;
	for (unsigned i = 0; i < SLAB_N_CLASSES; i++) {
		struct slab_bin *bin = &part->bin[i];

		/* Below the stack: never mine, so an empty stack gives none. */
		*at++ = (struct slab_hint){ NULL, &never_tag, &never };
		bin->top = bin->base = at;
		bin->limit = at += slab_class[i].depth;
		bin->mine = part->mine | (uint64_t)i << SLAB_CLASS_SHIFT;
		bin->size = slab_class[i].size;
		bin->inverse = slab_class[i].inverse;
	}
	return 0;
}

/* ---- joining ------------------------------------------------------------ */

/* The slot had spans before: a copy of a pool, or a pool used again. */
static void find_spans(struct slab_part *part)
{
	uint64_t all = slab_n_pages(part->slab);

	for (uint64_t i = 0; i < all; i++) {
		struct slab_page *page = &part->pages[i];
		uint64_t word = slab_load(page);

		if ((word & SLAB_MINE_MASK) != part->mine ||
		    slab_word_class(word) >= SLAB_N_CLASSES)
			continue;
		slab_span_raise(page);
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

/* Inherited by fork, not by exec. */
static bool register_membarrier(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED,
		   0, 0) == 0;
}

int slab_part_new(struct km_pool *pool, uint32_t slot, struct slab_part **out)
{
	struct slab *slab = slab_of(pool);
	struct pool_slot *slots = pool_at(pool, pool->slots);
	struct slab_part *part = get(sizeof(*part));

	if (part == NULL)
		return -KM_ENOMEM;
	slab_classes_init();
	*part = (struct slab_part){
		.pool = pool,
		.slab = slab,
		.pages = slab_pages(pool),
		.busy = &slots[slot].busy,
		.mine = slab_with_slot(SLAB_SPAN, slot),
		.owner = SLAB_LIVE | (uint64_t)slot << SLAB_OWNER_SHIFT,
		.data = (uintptr_t)pool_at(pool, slab->data),
		.data_size = slab->max_pages << SLAB_PAGE_SHIFT,
		.generation = (uint64_t)pool->generation << 32,
		.slot = slot,
		.dead = slot,
		.has_membarrier = register_membarrier(),
	};
	if (get_arrays(part) != 0) {
		slab_part_forget(&part);
		return -KM_ENOMEM;
	}
	slab_done(part->busy);
	note_slot(slab, slot);
	find_spans(part);
	*out = part;
	return 0;
}

/* ---- leaving ------------------------------------------------------------ */

void slab_part_leave(struct slab_part **out)
{
	struct slab_part *part = *out;
	uint64_t all;

	if (part == NULL)
		return;
	all = slab_n_pages(part->slab);
	for (uint64_t i = 0; i < all; i++)
		if (slab_is_mine(part, &part->pages[i]) &&
		    !slab_span_return(part, &part->pages[i]))
			slab_abandon(part, &part->pages[i]);
	slab_part_forget(out);
}

/* ---- threads ------------------------------------------------------------ */

static void set_own(enum km_pool_kind kind, struct slab_part *part)
{
	own[kind] = part;
	slab_mine[kind] =
	    part != NULL && part->has_membarrier ? part : &slab_nobody;
}

static void forget(enum km_pool_kind kind)
{
	struct slab_part *part = own[kind];

	set_own(kind, NULL);
	slab_part_forget(&part);
}

/* A thread ends: its blocks stay its process's, its slot may be had again. */
static void on_exit_of_thread(void *unused)
{
	for (int kind = 0; kind < KM_POOL_KIND__COUNT; kind++) {
		struct slab_part *part = own[kind];
		struct km_pool *pool;
		uint32_t slot;

		if (part == NULL)
			continue;
		pool = part->pool;
		slot = part->slot;
		set_own((enum km_pool_kind)kind, NULL);
		slab_part_leave(&part);
		slot_left(pool, slot);
	}
}

/* The child of a fork is another participant of what is shared. */
static void in_child(void)
{
	forget(KM_SHM);
}

static void prepare(void)
{
	slab_classes_init();
	fill_bin_at();
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
	own_clock = pool_now();
	if (kind == KM_SHM)
		slab_clock = pool != NULL ? &pool->clock : &own_clock;
}
