/* SPDX-License-Identifier: ISC */
/* kill_ops.c - the operations of slab in which somebody is killed. */
#include "config.h"

#include "mem/manager.h"
#include "mem/shm_mem.h"
#include "mem/slab_part.h"
#include "mem/slot.h"
#include "tests/stress/kill_points.h"

#define SMALL	176  /* bytes, of a class that nobody else uses */
#define LENDER	192  /* bytes, of the class above it */
#define MANY	40   /* blocks: enough to lend some */
#define SPANNED 6000 /* bytes, of a class of several pages to a span */
#define RUN	50000
#define ABAND	400 /* bytes, of a class with spans without an owner */
#define COMMON	48
#define FAR_RUN 28 /* index in board->far */

/* ---- the world ---------------------------------------------------------- */

static void keep(unsigned *n, size_t size)
{
	void *p = take(size);

	if (p == NULL)
		return;
	stamp(p, size);
	board->kept_size[*n] = (uint32_t)size;
	board->kept[(*n)++] = p;
}

/* Spans of one who has left, half full. */
static void leave_spans(unsigned *n)
{
	struct slab_part *part = NULL;
	struct misuse misuse;
	void *p[20];

	if (slab_part_new(pool, HELPER, &part) != 0)
		return;
	for (int i = 0; i < 20; i++)
		p[i] = slab_alloc_slow(part, ABAND, 0);
	for (int i = 0; i < 20; i += 2)
		slab_free_slow(part, p[i], 0, &misuse);
	slab_part_leave(&part);
	slot_left(pool, HELPER);
	for (int i = 1; i < 20; i += 6) {
		stamp(p[i], ABAND);
		board->kept_size[*n] = ABAND;
		board->kept[(*n)++] = p[i];
	}
}

/* Above pages that are free. */
static void spare_spans(void)
{
	static const size_t sizes[N_SPARE] = { 600, 800, 1200, 1500, 2200,
		2600 };
	void *hole = take(RUN);

	for (unsigned i = 0; i < N_SPARE; i++)
		board->spare[i] = take(sizes[i]);
	shm_free(hole);
}

static void prepare_world(void)
{
	static const size_t sizes[] = { COMMON, 200, 3000, SPANNED, RUN };
	unsigned n = 0, n_far = 0;
	struct sums sums;

	leave_spans(&n);
	board->where = take(sizeof(*board->where));
	*board->where = NULL;
	for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (unsigned i = 0; i < 10 - 2 * s; i++) {
			void *hole = take(sizes[s]);

			keep(&n, sizes[s]);
			board->far[n_far++] = take(sizes[s]);
			shm_free(hole);
		}
	spare_spans();
	judge_sums(&sums);
	board->n_others = sums.blocks;
}

static void disturb_world(void)
{
	for (unsigned i = 0; i < N_SPARE; i++)
		shm_free(board->spare[i]);
	slab_take_empty(slab_part_of(pool));
}

/* ---- of the victim ------------------------------------------------------ */

/* One call site for all, so that the fast path is found. */
static void *get(size_t size)
{
	return shm_malloc(size);
}

static void put(void *p)
{
	shm_free(p);
}

static void own_some(size_t size, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		board->own[i] = get(size);
}

static void put_all(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		put(board->own[i]);
}

/* SMALL is short of blocks, the class above it is not. */
static void prepare_loan(void)
{
	own_some(LENDER, MANY);
	put_all(MANY);
}

static void prepare_one(void)
{
	own_some(SMALL, 3);
	put(board->own[2]);
}

static void malloc_small(void)
{
	board->result = get(SMALL);
}

static void malloc_new_site(void)
{
	board->result = shm_malloc(SMALL);
}

static void free_one(void)
{
	put(board->own[0]);
}

static struct slab_bin *small_bin(void)
{
	return &slab_part_of(pool)->bin[slab_class_of[SMALL / SLAB_GRAIN]];
}

static void prepare_full_stack(void)
{
	unsigned n = 2 * slab_class[slab_class_of[SMALL / SLAB_GRAIN]].depth;

	own_some(SMALL, n);
	for (unsigned i = 1; i < n && small_bin()->top != small_bin()->limit;
	     i++)
		put(board->own[i]);
}

/* Blocks are hinted, the stack is empty. */
static void prepare_collect(void)
{
	unsigned n = 3 * slab_class[slab_class_of[SMALL / SLAB_GRAIN]].depth;

	own_some(SMALL, n);
	put_all(n);
	while (small_bin()->top != small_bin()->base)
		get(SMALL);
}

static void free_far(void)
{
	put(board->far[0]);
}

static void free_far_run(void)
{
	put(board->far[FAR_RUN]);
}

static void prepare_empty_spans(void)
{
	own_some(SMALL, 4);
	board->own[4] = get(SPANNED);
	put_all(5);
}

static void return_spans(void)
{
	slab_take_empty(slab_part_of(pool));
}

static void malloc_spanned(void)
{
	board->result = get(SPANNED);
}

static void claim_spans(void)
{
	for (int i = 0; i < 3; i++)
		slab_span_claim(slab_part_of(pool), 0);
}

static void malloc_run(void)
{
	board->result = get(RUN);
}

static void prepare_run(void)
{
	board->own[0] = get(2 * RUN);
}

static void grow_run(void)
{
	board->result = shm_realloc(board->own[0], 2 * RUN + 20000);
}

static void shrink_run(void)
{
	board->result = shm_realloc(board->own[0], RUN);
}

/* Its pages name the tester. */
static void shrink_far_run(void)
{
	board->result = shm_realloc(board->far[FAR_RUN], RUN - 15000);
}

static void grow_pool(void)
{
	manager_slab.grow(pool, RUN);
}

static void malloc_and_grow(void)
{
	board->result = take(900000);
}

static void realloc_in_class(void)
{
	board->result = shm_realloc(board->own[0], SMALL - 7);
}

static void realloc_to_larger(void)
{
	board->result = shm_realloc(board->own[0], 1000);
}

static void realloc_to_run(void)
{
	board->result = shm_realloc(board->own[0], RUN);
}

static void adopt(void)
{
	board->result = get(ABAND);
}

static void prepare_hint(void)
{
	put(get(SMALL));
}

static void malloc_to(void)
{
	board->result = shm_malloc_to(board->where, SMALL);
}

static void malloc_run_to(void)
{
	board->result = shm_malloc_to(board->where, RUN);
}

static void free_from(void)
{
	shm_free_from(board->where);
}

/* The tester's spans have free blocks; there are no pages. */
static void fill_pool(void)
{
	while (take(40000) != NULL || take(4096) != NULL)
		;
}

static void malloc_common(void)
{
	board->result = get(COMMON);
}

static void malloc_in_vain(void)
{
	board->result = take(RUN);
}

static void trim(void)
{
	manager_slab.trim(pool);
}

static void leave(void)
{
	struct slab_part *part = slab_part_of(pool);

	slab_part_leave(&part);
	slot_left(pool, VICTIM);
}

static void recover(void)
{
	slot_dead(pool, THIRD);
}

static const struct operation operations[] = {
	{ "the first malloc of a pool", NULL, malloc_small, OP_EMPTY, NULL },
	{ "malloc: refill by a new span", NULL, malloc_small, 0, NULL },
	{ "malloc: the fast path", prepare_one, malloc_small, 0, NULL },
	{ "malloc: a new site", prepare_one, malloc_new_site, 0, NULL },
	{ "malloc: collect", prepare_collect, malloc_small, 0, NULL },
	{ "malloc: on loan", prepare_loan, malloc_small, 0, NULL },
	{ "malloc: a span of several pages", NULL, malloc_spanned, 0, NULL },
	{ "malloc: adopt a span", NULL, adopt, 0, NULL },
	{ "malloc: take a span of an idle owner", fill_pool, malloc_common, 0,
	    NULL },
	{ "malloc: in vain", fill_pool, malloc_in_vain, 0, NULL },
	{ "claim spans and pages of tags", NULL, claim_spans, 0, NULL },
	{ "free: own", prepare_one, free_one, 0, NULL },
	{ "free: spill", prepare_full_stack, free_one, 0, NULL },
	{ "free: from elsewhere", NULL, free_far, 0, NULL },
	{ "return spans", prepare_empty_spans, return_spans, 0, NULL },
	{ "run: alloc", NULL, malloc_run, 0, NULL },
	{ "run: free", prepare_run, free_one, 0, NULL },
	{ "run: free from elsewhere", NULL, free_far_run, 0, NULL },
	{ "run: grow", prepare_run, grow_run, OP_RUN, NULL },
	{ "run: shrink", prepare_run, shrink_run, OP_RUN, NULL },
	{ "run: shrink another's", NULL, shrink_far_run, OP_RUN, NULL },
	{ "the pool grows", NULL, grow_pool, OP_GROWS, NULL },
	{ "run: the pool grows for it", NULL, malloc_and_grow, OP_GROWS, NULL },
	{ "realloc: in its class", prepare_one, realloc_in_class, 0, NULL },
	{ "realloc: to a larger one", prepare_one, realloc_to_larger, OP_MOVES,
	    NULL },
	{ "realloc: to a run", prepare_one, realloc_to_run, OP_MOVES, NULL },
	{ "publish: malloc_to", prepare_hint, malloc_to, OP_WHERE, NULL },
	{ "publish: a run", NULL, malloc_run_to, OP_WHERE, NULL },
	{ "publish: in vain", malloc_to, malloc_to, OP_WHERE, NULL },
	{ "publish: free_from", malloc_to, free_from, OP_WHERE, NULL },
	{ "publish: free_from of a run", malloc_run_to, free_from, OP_WHERE,
	    NULL },
	{ "trim", prepare_empty_spans, trim, 0, NULL },
	{ "a thread leaves", prepare_empty_spans, leave, 0, NULL },
	{ "recover: nothing", NULL, recover, OP_RECOVER, NULL },
	{ "recover: claim", NULL, recover, OP_RECOVER,
	    "claim spans and pages of tags" },
	{ "recover: several pages", NULL, recover, OP_RECOVER,
	    "malloc: a span of several pages" },
	{ "recover: return", NULL, recover, OP_RECOVER, "return spans" },
	{ "recover: takeover", NULL, recover, OP_RECOVER,
	    "malloc: adopt a span" },
	{ "recover: run", NULL, recover, OP_RECOVER, "run: alloc" },
	{ "recover: run freed", NULL, recover, OP_RECOVER, "run: free" },
	{ "recover: run grown", NULL, recover, OP_RECOVER | OP_RUN,
	    "run: grow" },
	{ "recover: run shrunk", NULL, recover, OP_RECOVER | OP_RUN,
	    "run: shrink" },
	{ "recover: pool grown", NULL, recover, OP_RECOVER | OP_GROWS,
	    "run: the pool grows for it" },
	{ "recover: trim", NULL, recover, OP_RECOVER, "trim" },
	{ "recover: malloc_to", NULL, recover, OP_RECOVER | OP_WHERE,
	    "publish: malloc_to" },
	{ "recover: malloc_to, a run", NULL, recover, OP_RECOVER | OP_WHERE,
	    "publish: a run" },
	{ "recover: free_from", NULL, recover, OP_RECOVER | OP_WHERE,
	    "publish: free_from" },
	{ "recover: free_from, a run", NULL, recover, OP_RECOVER | OP_WHERE,
	    "publish: free_from of a run" },
};

const struct world world_slab = {
	.manager = "slab",
	.pool_size = POOL_SIZE,
	.operations = operations,
	.n_operations = sizeof(operations) / sizeof(operations[0]),
	.slack = SLAB_PAGE,
	.prepare = prepare_world,
	.disturb = disturb_world,
	.has_changed = rows_have_changed,
	.check = rows_check,
	.check_empty = rows_check_empty,
};
