/* SPDX-License-Identifier: ISC */
/* player.c - plays one operation: malloc, free or realloc, pkg or shm. */
#include "config.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/modules/replay/pattern.h"
#include "daemon/modules/replay/player.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"

#define BROKEN_LOGGED 5 /* lines per process; the rest is counted only */

struct heap {
	const char *name;
	void *(*malloc)(size_t size, struct km_site *site);
	void *(*realloc)(void *p, size_t size, struct km_site *site);
	void (*free)(void *p, struct km_site *site);
};

static const struct heap heaps[] = {
	[KM_PKG] = { "pkg", km_pkg_malloc, km_pkg_realloc, km_pkg_free },
	[KM_SHM] = { "shm", km_shm_malloc, km_shm_realloc, km_shm_free },
};
_Static_assert(sizeof(heaps) / sizeof(heaps[0]) == KM_POOL_KIND__COUNT,
    "a row for each heap");

struct player {
	const struct plan *plan;
	struct board *board;
	uint32_t rank;
	uint32_t n_logged;
	struct board_counts *counts;
	struct block *pkg; /* by id; as private as the pool */
};

static struct block *block_of(
    const struct player *player, const struct trace_op *op)
{
	return op->heap == KM_SHM ? &player->board->blocks[op->id]
				  : &player->pkg[op->id];
}

static struct km_site *site_of(
    const struct player *player, const struct trace_op *op)
{
	return &player->plan->trace->sites[op->site];
}

static void block_mark(struct block *block, uintptr_t at)
{
	atomic_store_explicit(&block->at, at, memory_order_release);
}

/* A kill before the last store leaves a live block that nobody knows. */
static void block_put(struct block *block, void *mem, size_t size)
{
	atomic_store_explicit(&block->size, size, memory_order_relaxed);
	block_mark(block, (uintptr_t)mem);
}

/* NULL: not there. After a kill here the block is live but nobody's. */
static void *block_take(struct block *block)
{
	uintptr_t at = atomic_load_explicit(&block->at, memory_order_acquire);

	if (at == BLOCK_NONE || at == BLOCK_GONE)
		return NULL;
	block_mark(block, BLOCK_GONE);
	return (void *)at; /* NOLINT: it was a pointer */
}

static size_t block_size(const struct block *block)
{
	return atomic_load_explicit(&block->size, memory_order_relaxed);
}

/* Check the first n bytes of a block that was filled with `size`. */
static void check(struct player *player, const struct trace_op *op,
    const void *mem, size_t size, size_t n)
{
	const struct km_site *site = site_of(player, op);
	size_t offset = pattern_check(mem, op->id, size, n);

	player->counts->patterns++;
	if (offset == n)
		return;
	player->counts->broken++;
	if (player->n_logged++ >= BROKEN_LOGGED)
		return;
	LM_ERR("replay: rank %u: %s block %u of %zu bytes, used at %s: %s: "
	       "%s:%u, is overwritten at offset %zu (operation %u)",
	    player->rank, heaps[op->heap].name, op->id, size, site->mname,
	    site->file, site->func, site->line, offset,
	    (uint32_t)(op - player->plan->trace->ops) + 1);
}

/*
 * An operation on a block that is not there. In shm that is a loss when an
 * earlier operation, which was played, should have stored it.
 */
static void count_missing(
    struct player *player, const struct trace_op *op, struct block *block)
{
	const struct plan *plan = player->plan;
	uint32_t after = plan->places[op - plan->trace->ops].after;
	uintptr_t at = atomic_load_explicit(&block->at, memory_order_relaxed);

	if (op->heap != KM_SHM || at == BLOCK_GONE || after == PLAN_NONE ||
	    plan->places[after].pos == PLAN_NONE) {
		player->counts->dropped++;
		return;
	}
	player->counts->lost++;
	block_mark(block, BLOCK_GONE);
}

/* A successor may find that the operation was done just before the kill. */
static void play_malloc(struct player *player, const struct trace_op *op)
{
	struct block *block = block_of(player, op);
	void *mem;

	if (atomic_load_explicit(&block->at, memory_order_acquire) !=
	    BLOCK_NONE)
		return;
	mem = heaps[op->heap].malloc(op->size, site_of(player, op));
	if (mem == NULL) {
		player->counts->failed++;
		block_mark(block, BLOCK_GONE);
		return;
	}
	pattern_fill(mem, op->id, op->size);
	block_put(block, mem, op->size);
}

static void play_free(struct player *player, const struct trace_op *op)
{
	struct block *block = block_of(player, op);
	size_t size = block_size(block);
	void *mem = block_take(block);

	if (mem == NULL) {
		count_missing(player, op, block);
		return;
	}
	check(player, op, mem, size, size);
	heaps[op->heap].free(mem, site_of(player, op));
}

/* The content must have moved with the block. */
static void play_realloc(struct player *player, const struct trace_op *op)
{
	struct block *block = block_of(player, op);
	size_t size = block_size(block);
	void *mem, *new;

	if (op->size == 0) {
		play_free(player, op);
		return;
	}
	mem = block_take(block);
	if (mem == NULL) {
		count_missing(player, op, block);
		return;
	}
	check(player, op, mem, size, size);
	new = heaps[op->heap].realloc(mem, op->size, site_of(player, op));
	if (new == NULL) {
		player->counts->failed++;
		block_put(block, mem, size);
		return;
	}
	check(player, op, new, size, size < op->size ? size : op->size);
	pattern_fill(new, op->id, op->size);
	block_put(block, new, op->size);
}

/* The host has forked: nothing to do. */
static void play_fork(struct player *player, const struct trace_op *op)
{
	(void)player;
	(void)op;
}

static void (*const plays[])(struct player *, const struct trace_op *) = {
	[TRACE_MALLOC] = play_malloc,
	[TRACE_FREE] = play_free,
	[TRACE_REALLOC] = play_realloc,
	[TRACE_FORK] = play_fork,
};
_Static_assert(sizeof(plays) / sizeof(plays[0]) == TRACE_KIND__COUNT,
    "a function for each kind");

int player_new(
    const struct plan *plan, struct board *board, struct player **player)
{
	struct player *new = calloc(1, sizeof(*new));

	if (new == NULL)
		return -KM_ENOMEM;
	new->pkg = calloc(plan->trace->max_id[KM_PKG] + 1, sizeof(*new->pkg));
	if (new->pkg == NULL) {
		free(new);
		return -KM_ENOMEM;
	}
	new->plan = plan;
	new->board = board;
	player_set_rank(new, 0);
	*player = new;
	return 0;
}

void player_free(struct player **player)
{
	if (*player == NULL)
		return;
	free((*player)->pkg);
	free(*player);
	*player = NULL;
}

void player_set_rank(struct player *player, uint32_t rank)
{
	player->rank = rank;
	player->counts = &player->board->ranks[rank].counts;
}

uint32_t player_rank(const struct player *player)
{
	return player->rank;
}

void player_play(struct player *player, uint32_t op)
{
	const struct trace_op *what = &player->plan->trace->ops[op];

	plays[what->kind](player, what);
}

void player_clear(struct player *player, uint32_t op)
{
	const struct trace_op *what = &player->plan->trace->ops[op];
	struct block *block;
	size_t size;
	void *mem;

	if (what->kind != TRACE_MALLOC)
		return;
	block = block_of(player, what);
	size = block_size(block);
	mem = block_take(block);
	if (mem != NULL) {
		check(player, what, mem, size, size);
		heaps[what->heap].free(mem, site_of(player, what));
	}
	block_mark(block, BLOCK_NONE);
}
