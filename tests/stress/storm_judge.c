/* SPDX-License-Identifier: ISC */
/* storm_judge.c - whether the pool is what the board says it is. */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "kmem.h"
#include "mem/manager.h"
#include "mem/view.h"
#include "tests/stress/storm.h"

#define N_PLACES  (N_CELLS * 4)
#define N_UNKNOWN 4096u
#define N_NOTES	  20u /* lines about what is wrong */
#define PAGE	  4096u

static struct {
	struct board *board;
	struct km_pool *pool;
	struct km_mem_info before; /* anybody took part */
	uint64_t base[N_UNKNOWN];  /* blocks of others than the crew */
	unsigned n_base, n_notes;
} judge;

/* The full cells by address: number plus one; 0: none. */
static struct {
	uint32_t place[N_PLACES];
	bool seen[N_CELLS];
} full;

/* Live blocks that no full cell has. */
static struct view_block unknown[N_UNKNOWN];
static unsigned n_unknown;

static __attribute__((format(printf, 1, 2))) void note(const char *fmt, ...)
{
	va_list args;

	if (judge.n_notes++ >= N_NOTES)
		return;
	va_start(args, fmt);
	printf("# ");
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
}

/* ---- the full cells ----------------------------------------------------- */

static uint32_t *place_of(uint64_t addr)
{
	uint64_t at = (addr >> 4) * 0x9e3779b97f4a7c15ull >> 32;

	while (full.place[at % N_PLACES] != 0 &&
	       (uintptr_t)judge.board->cell[full.place[at % N_PLACES] - 1].p !=
		   addr)
		at++;
	return &full.place[at % N_PLACES];
}

static void note_full(struct verdicts *v)
{
	memset(&full, 0, sizeof(full));
	for (uint32_t i = 0; i < N_CELLS; i++) {
		struct cell *cell = &judge.board->cell[i];
		uint32_t *place;

		if (cell->state != CELL_FULL)
			continue;
		place = place_of((uintptr_t)cell->p);
		if (*place != 0) {
			note("%p is in two cells", cell->p);
			v->twice++;
		}
		*place = i + 1;
		if (cell->is_stamped && !storm_is_stamped(cell)) {
			note("%p of %zu bytes is overwritten", cell->p,
			    cell->size);
			v->twice++;
			cell->is_stamped = 0;
		}
	}
}

/* ---- the walk ----------------------------------------------------------- */

static bool is_of_base(uint64_t addr)
{
	for (unsigned i = 0; i < judge.n_base; i++)
		if (judge.base[i] == addr)
			return true;
	return false;
}

static void note_block(const struct view_block *block, struct verdicts *v)
{
	uint32_t cell = *place_of(block->addr);

	if (cell == 0) {
		if (!is_of_base(block->addr) && n_unknown < N_UNKNOWN)
			unknown[n_unknown++] = *block;
		return;
	}
	cell--;
	full.seen[cell] = true;
	if (judge.board->cell[cell].size == block->size)
		return;
	note("%#" PRIx64 " has %zu bytes, not %zu", block->addr, block->size,
	    judge.board->cell[cell].size);
	v->inconsistent++;
}

/* All blocks, which must be what the accounts say. */
static void walk(struct verdicts *v)
{
	struct view_walk walk = { .with_free = true };
	struct km_mem_info sum = { 0 }, info;
	struct view_block block;
	struct view *view;
	int rc = view_open_map(judge.pool, judge.pool->max_size, &view);

	n_unknown = 0;
	while (rc == 0 && (rc = view_next(view, &walk, &block)) == 1) {
		rc = 0;
		if (block.is_free) {
			sum.free += block.room;
			continue;
		}
		sum.used += block.size;
		sum.blocks++;
		note_block(&block, v);
	}
	view_close(&view);
	shm_info(&info);
	if (rc != 0 || sum.used != info.used || sum.blocks != info.blocks ||
	    sum.free != info.free || info.total != info.free + info.real_used ||
	    info.used > info.real_used || info.real_used > info.max_used) {
		note(
		    "the accounts differ from a walk (%s): used %zu, %zu; "
		    "blocks %zu, %zu; free %zu, %zu; total %zu, real_used %zu, "
		    "max_used %zu",
		    km_strerror(rc), info.used, sum.used, info.blocks,
		    sum.blocks, info.free, sum.free, info.total, info.real_used,
		    info.max_used);
		v->inconsistent++;
	}
}

static void check_seen(struct verdicts *v)
{
	for (uint32_t i = 0; i < N_CELLS; i++)
		if (judge.board->cell[i].state == CELL_FULL && !full.seen[i]) {
			note("%p of %zu bytes is not live",
			    judge.board->cell[i].p, judge.board->cell[i].size);
			v->inconsistent++;
		}
}

/* ---- the hands of the dead ---------------------------------------------- */

static struct view_block *find_unknown(uint64_t addr)
{
	for (unsigned i = 0; i < n_unknown; i++)
		if (unknown[i].addr == addr)
			return &unknown[i];
	return NULL;
}

/* What it had just got, and nobody has a pointer to. */
static struct view_block *find_new(size_t size)
{
	for (unsigned i = 0; i < n_unknown; i++)
		if (unknown[i].addr != 0 && unknown[i].size == size)
			return &unknown[i];
	return NULL;
}

/* From now on it is in this cell, with what is in it. */
static void give(struct cell *cell, struct view_block *block, bool is_stamped)
{
	if (block == NULL) {
		cell->state = CELL_EMPTY;
		return;
	}
	cell->p = (void *)(uintptr_t)block->addr;
	cell->size = block->size;
	cell->is_stamped = is_stamped;
	cell->state = CELL_FULL;
	block->addr = 0;
}

static struct cell *some_empty_cell(void)
{
	for (uint32_t i = 0; i < N_CELLS; i++)
		if (judge.board->cell[i].state == CELL_EMPTY)
			return &judge.board->cell[i];
	return NULL;
}

/* Of a run that was about to change its size it may be either, in pages. */
static bool may_have(const struct cell *cell, size_t size)
{
	size_t low = cell->size < cell->to ? cell->size : cell->to;
	size_t high = cell->size < cell->to ? cell->to : cell->size;

	return size == cell->size || size == cell->to ||
	       (high > 32768 && size + PAGE > low && size < high + PAGE);
}

static void settle_resize(struct cell *cell, struct verdicts *v)
{
	struct view_block *old = find_unknown((uintptr_t)cell->p);
	struct view_block *new;
	struct cell *spare;

	if (old != NULL && !may_have(cell, old->size)) {
		note("%p has %zu bytes, neither %zu nor %zu", cell->p,
		    old->size, cell->size, cell->to);
		v->inconsistent++;
	}
	if (old == NULL) {
		new = find_new(cell->to);
		if (new == NULL) {
			note("a resize to %zu bytes has lost %p", cell->to,
			    cell->p);
			v->inconsistent++;
		}
		give(cell, new, false);
		return;
	}
	give(cell, old, false);
	/* Killed between malloc and free: both are live. */
	new = find_new(cell->to);
	spare = new != NULL ? some_empty_cell() : NULL;
	if (spare != NULL) {
		give(spare, new, false);
		v->orphans++;
	}
}

static void settle_cell(struct cell *cell, struct verdicts *v)
{
	struct view_block *block;

	switch (cell->state & 0xff) {
	case CELL_ALLOC:
		block = find_new(cell->to);
		v->orphans += block != NULL;
		give(cell, block, false);
		break;
	case CELL_FREE:
		block = find_unknown((uintptr_t)cell->p);
		if (block != NULL && block->size != cell->size)
			block = NULL;
		give(cell, block, cell->is_stamped && storm_is_stamped(cell));
		break;
	default:
		settle_resize(cell, v);
		break;
	}
}

/* Those that have an address first: a new block may be any of its size. */
static void settle(const bool dead[N_SEATS], struct verdicts *v)
{
	static const enum cell_state order[] = { CELL_FREE, CELL_RESIZE,
		CELL_ALLOC };

	for (unsigned k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (uint32_t i = 0; i < N_CELLS; i++) {
			struct cell *cell = &judge.board->cell[i];
			uint32_t hand = cell->state >> 8;

			if (hand > 0 && dead[(hand - 1) / N_HANDS] &&
			    (cell->state & 0xff) == (uint32_t)order[k])
				settle_cell(cell, v);
		}
}

/* Now nothing is unexplained. */
static void check_unknown(struct verdicts *v)
{
	for (unsigned i = 0; i < n_unknown; i++)
		if (unknown[i].addr != 0) {
			note("%zu bytes at %#" PRIx64 " are lost: of slot %u",
			    unknown[i].size, unknown[i].addr, unknown[i].owner);
			v->bytes_lost += unknown[i].size;
			/* Once is enough. */
			if (judge.n_base < N_UNKNOWN)
				judge.base[judge.n_base++] = unknown[i].addr;
		}
}

static void hear(struct verdicts *v)
{
	uint64_t twice =
	    __atomic_exchange_n(&judge.board->n_twice, 0, __ATOMIC_RELAXED);
	uint64_t bugs =
	    __atomic_exchange_n(&judge.board->n_bugs, 0, __ATOMIC_RELAXED);

	if (twice > 0)
		note("%" PRIu64 " blocks were overwritten", twice);
	if (bugs > 0)
		note("%" PRIu64 " blocks could not be freed", bugs);
	v->twice += twice;
	v->inconsistent += bugs;
}

void judge_look(const bool dead[N_SEATS], struct verdicts *v)
{
	hear(v);
	note_full(v);
	walk(v);
	check_seen(v);
	settle(dead, v);
	check_unknown(v);
}

/* ---- begin and end ------------------------------------------------------ */

int judge_open(struct board *board)
{
	struct verdicts v = { 0 };

	judge.board = board;
	judge.pool = pool_in_use(KM_SHM);
	if (judge.pool == NULL)
		return -KM_EREADY;
	shm_info(&judge.before);
	note_full(&v);
	walk(&v);
	for (unsigned i = 0; i < n_unknown; i++)
		judge.base[judge.n_base++] = unknown[i].addr;
	return 0;
}

void judge_end(struct verdicts *v)
{
	struct km_mem_info now;

	hear(v);
	shm_info(&now);
	if (now.used == judge.before.used && now.free >= judge.before.free)
		return;
	note("in the end %zu bytes are used, %zu free; it began with %zu, %zu",
	    now.used, now.free, judge.before.used, judge.before.free);
	v->bytes_lost += now.used - judge.before.used;
	if (now.free < judge.before.free)
		v->bytes_lost += judge.before.free - now.free;
}

bool judge_is_recovered(int32_t pid)
{
	const struct pool_slot *slot = pool_at(judge.pool, judge.pool->slots);

	for (uint32_t i = 0; i < judge.pool->n_slots; i++) {
		uint32_t state =
		    __atomic_load_n(&slot[i].state, __ATOMIC_ACQUIRE);

		if ((state == SLOT_LIVE || state == SLOT_RECOVERING) &&
		    slot[i].pid == pid)
			return false;
	}
	return true;
}

int storm_drain_main(void)
{
	struct board *board = storm_board_map();
	struct km_pool *pool;

	if (board == NULL || km_attach(NULL) != 0)
		return EXIT_FAILURE;
	for (uint32_t i = 0; i < N_CELLS; i++)
		if (board->cell[i].state == CELL_FULL) {
			shm_free(board->cell[i].p);
			board->cell[i].state = CELL_EMPTY;
		}
	if (pool_begin(KM_SHM, &pool) != 0)
		return EXIT_FAILURE;
	manager_at(pool->manager)->trim(pool);
	return EXIT_SUCCESS;
}
