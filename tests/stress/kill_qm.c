/* SPDX-License-Identifier: ISC */
/* kill_qm.c - the operations of qm in which somebody is killed. */
#include "config.h"

#include <inttypes.h>

#include "mem/manager.h"
#include "mem/qm.h"
#include "mem/shm_mem.h"
#include "mem/slot.h"
#include "tests/stress/kill_points.h"

#define QM_SIZE ((size_t)192 << 10) /* bytes of the pool */
#define SMALL	176		    /* bytes, of the victim's blocks */
#define LARGE	1000
#define N_NEXT	5 /* blocks of the victim, one behind the other */

/* ---- the world ---------------------------------------------------------- */

/* Blocks that are kept, holes, and blocks for the victim to free. */
static void prepare_world(void)
{
	static const size_t sizes[] = { 48, 200, 3000 };
	unsigned n = 0;
	struct sums sums;

	board->where = take(sizeof(*board->where));
	*board->where = NULL;
	for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (unsigned i = 0; i < 3; i++) {
			void *hole = take(sizes[s]);

			board->kept[n] = take(sizes[s]);
			board->kept_size[n] = (uint32_t)sizes[s];
			stamp(board->kept[n], sizes[s]);
			board->far[n++] = take(sizes[s]);
			shm_free(hole);
		}
	judge_sums(&sums);
	board->n_others = sums.blocks;
}

/* All of it is looked at: heads, ends and slack are among the data. */
static bool has_changed(void)
{
	return differs(0, pool->size);
}

static pthread_mutex_t *lock(void)
{
	return &qm_block_of(pool)->lock;
}

/* Who gets the lock next does what is left to it. */
static void settle(void)
{
	struct misuse misuse;

	manager_qm.look(pool, board->where, &misuse);
}

/* ---- what must be ------------------------------------------------------- */

/* Each free fragment is in one list, and what is in a list is free. */
static enum verdict check_lists(const struct qm_block *qm, uint64_t n_free)
{
	uint64_t n = 0;

	for (unsigned list = 0; list < QM_N_LISTS; list++) {
		const struct qm_frag *before = NULL,
				     *frag = qm->free_list[list];

		for (; frag != NULL && frag != QM_LIST_END && n <= n_free;
		     n++) {
			if (!qm_head_is_sound(pool, frag) ||
			    frag->u.is_free == 0 ||
			    qm_end(frag)->prev_free != before)
				return verdict_is(INCONSISTENT,
				    "list %u has no free fragment", list);
			before = frag;
			frag = frag->u.nxt_free;
		}
	}
	return n == n_free && qm->sums.fragments == n
		   ? GOOD
		   : verdict_is(INCONSISTENT,
			 "%" PRIu64 " free fragments, %" PRIu64 " in lists",
			 n_free, n);
}

/* From head to head to the sentinel; no two of them are free. */
static enum verdict check(void)
{
	const struct qm_block *qm = qm_block_of(pool);
	const struct qm_frag *frag = qm->first_frag;
	uint64_t n_free = 0;
	bool was_free = false;

	for (; qm_head_is_sound(pool, frag); frag = qm_next(frag)) {
		bool is_free = frag->u.is_free != 0;

		if (is_free && was_free)
			return verdict_is(
			    LOST, "two free fragments are not joined");
		if (qm_end(frag)->size != frag->size)
			return verdict_is(INCONSISTENT, "an end is not true");
		n_free += is_free;
		was_free = is_free;
	}
	return frag == qm->last_frag
		   ? check_lists(qm, n_free)
		   : verdict_is(INCONSISTENT, "heads do not lead to the end");
}

/* There is one fragment, as at first. */
static enum verdict check_empty(void)
{
	struct km_mem_info info;

	shm_info(&info);
	if (info.free == board->fresh && info.fragments == 1)
		return GOOD;
	verdict_is(LOST, "%" PRIu64 " bytes free, %" PRIu64 " at first",
	    (uint64_t)info.free, board->fresh);
	board->lost = board->fresh - info.free;
	return LOST;
}

/* ---- of the victim ------------------------------------------------------ */

/* One behind the other, in what is free behind all others. */
static void prepare_next(void)
{
	for (unsigned i = 0; i < N_NEXT; i++)
		board->own[i] = take(LARGE);
}

static void without(unsigned i)
{
	shm_free(board->own[i]);
	board->own[i] = NULL;
}

static void prepare_hole_before(void)
{
	prepare_next();
	without(1);
}

static void prepare_hole_behind(void)
{
	prepare_next();
	without(3);
}

static void prepare_holes(void)
{
	prepare_hole_before();
	without(3);
}

static void fill_pool(void)
{
	while (take(LARGE) != NULL || take(16) != NULL)
		;
}

static void malloc_split(void)
{
	board->result = shm_malloc(SMALL);
}

static void malloc_exact(void)
{
	board->result = shm_malloc(LARGE);
}

static void malloc_in_vain(void)
{
	board->result = take(LARGE);
}

static void malloc_aligned(void)
{
	board->result = shm_memalign(1024, SMALL);
}

static void free_middle(void)
{
	shm_free(board->own[2]);
}

static void free_far(void)
{
	shm_free(board->far[0]);
}

static void free_last(void)
{
	shm_free(board->own[N_NEXT - 1]);
}

static void resize(size_t size)
{
	board->result = shm_realloc(board->own[2], size);
}

static void realloc_within(void)
{
	resize(LARGE - 1);
}

static void realloc_smaller(void)
{
	resize(SMALL);
}

static void realloc_larger(void)
{
	resize(LARGE + SMALL);
}

static void realloc_over_all(void)
{
	resize(2 * LARGE);
}

static void realloc_in_vain(void)
{
	resize(QM_SIZE);
}

static void give_to_tester(void)
{
	static const struct holding from = { VICTIM, BLOCK_NORMAL };
	static const struct holding to = { TESTER, BLOCK_NORMAL };

	manager_qm.change(pool, board->own[2], &from, &to, 0);
}

static void reap(void)
{
	static const struct holding from = { VICTIM, BLOCK_NORMAL };
	static const struct holding to = { VICTIM, BLOCK_FREE };

	manager_qm.change(pool, board->own[2], &from, &to, 0);
}

static void malloc_to(void)
{
	board->result = shm_malloc_to(board->where, SMALL);
}

static void free_from(void)
{
	shm_free_from(board->where);
}

static void recover(void)
{
	slot_dead(pool, THIRD);
	settle();
}

static const struct operation operations[] = {
	{ "the first malloc of a pool", NULL, malloc_split, OP_EMPTY, NULL },
	{ "malloc: split", NULL, malloc_split, 0, NULL },
	{ "malloc: all of a fragment", prepare_holes, malloc_exact, 0, NULL },
	{ "malloc: aligned", NULL, malloc_aligned, 0, NULL },
	{ "malloc: in vain", fill_pool, malloc_in_vain, 0, NULL },
	{ "free: between two blocks", prepare_next, free_middle, 0, NULL },
	{ "free: join behind", prepare_hole_behind, free_middle, 0, NULL },
	{ "free: join before", prepare_hole_before, free_middle, 0, NULL },
	{ "free: join both", prepare_holes, free_middle, 0, NULL },
	{ "free: join the rest", prepare_next, free_last, 0, NULL },
	{ "free: from elsewhere", NULL, free_far, 0, NULL },
	{ "realloc: in its payload", prepare_next, realloc_within, OP_RUN,
	    NULL },
	{ "realloc: split", prepare_next, realloc_smaller, OP_RUN, NULL },
	{ "realloc: split, join", prepare_hole_behind, realloc_smaller, OP_RUN,
	    NULL },
	{ "realloc: over a part", prepare_hole_behind, realloc_larger, OP_RUN,
	    NULL },
	{ "realloc: over all", prepare_hole_behind, realloc_over_all, OP_RUN,
	    NULL },
	{ "realloc: elsewhere", prepare_next, realloc_over_all, OP_MOVES,
	    NULL },
	{ "realloc: in vain", prepare_next, realloc_in_vain, 0, NULL },
	{ "change: another owner", prepare_next, give_to_tester, 0, NULL },
	{ "change: reap", prepare_holes, reap, 0, NULL },
	{ "publish: malloc_to", NULL, malloc_to, OP_WHERE, NULL },
	{ "publish: in vain", malloc_to, malloc_to, OP_WHERE, NULL },
	{ "publish: free_from", malloc_to, free_from, OP_WHERE, NULL },
	{ "recover: nothing", NULL, recover, OP_RECOVER, NULL },
	{ "recover: malloc", NULL, recover, OP_RECOVER, "malloc: split" },
	{ "recover: aligned", NULL, recover, OP_RECOVER, "malloc: aligned" },
	{ "recover: free", NULL, recover, OP_RECOVER, "free: join both" },
	{ "recover: split", NULL, recover, OP_RECOVER | OP_RUN,
	    "realloc: split, join" },
	{ "recover: grown", NULL, recover, OP_RECOVER | OP_RUN,
	    "realloc: over a part" },
	{ "recover: moved", NULL, recover, OP_RECOVER | OP_MOVES,
	    "realloc: elsewhere" },
	{ "recover: malloc_to", NULL, recover, OP_RECOVER | OP_WHERE,
	    "publish: malloc_to" },
	{ "recover: free_from", NULL, recover, OP_RECOVER | OP_WHERE,
	    "publish: free_from" },
};

/*
 * A block that was growing has all of the fragment behind it, until it is freed
 * or resized.
 */
const struct world world_qm = {
	.manager = "qm",
	.pool_size = QM_SIZE,
	.operations = operations,
	.n_operations = sizeof(operations) / sizeof(operations[0]),
	.slack = QM_SIZE,
	.prepare = prepare_world,
	.has_changed = has_changed,
	.lock = lock,
	.settle = settle,
	.check = check,
	.check_empty = check_empty,
};
