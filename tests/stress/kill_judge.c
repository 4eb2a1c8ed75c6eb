/* SPDX-License-Identifier: ISC */
/* kill_judge.c - whether a pool is whole, after somebody was killed in it. */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem/manager.h"
#include "mem/shm_mem.h"
#include "mem/slot.h"
#include "mem/view.h"
#include "tests/stress/kill_points.h"

#define N_TAKEN 65536

static void *taken[N_TAKEN];
static size_t taken_size[N_TAKEN];

enum verdict verdict_is(enum verdict verdict, const char *fmt, ...)
{
	va_list args;

	board->lost = 4096;
	va_start(args, fmt);
	vsnprintf(board->why, sizeof(board->why), fmt, args);
	va_end(args);
	return verdict;
}

/* ---- blocks ------------------------------------------------------------- */

void *take(size_t size)
{
	const struct manager *manager = manager_at(pool->manager);
	struct request req = { .size = size };

	return manager->slot(pool, &req.slot) == 0 ? manager->alloc(pool, &req)
						   : NULL;
}

/* At both ends: who else got it would overwrite one. */
static uint64_t stamp_of(const void *p, size_t size)
{
	return (uintptr_t)p * 31 + size;
}

void stamp(void *p, size_t size)
{
	uint64_t word = stamp_of(p, size);

	memcpy(p, &word, sizeof(word));
	memcpy((char *)p + size - sizeof(word), &word, sizeof(word));
}

bool is_stamped(const void *p, size_t size)
{
	uint64_t word = stamp_of(p, size);

	return memcmp(p, &word, sizeof(word)) == 0 &&
	       memcmp((const char *)p + size - sizeof(word), &word,
		   sizeof(word)) == 0;
}

void judge_sums(struct sums *sums)
{
	struct km_mem_info info;

	shm_info(&info);
	*sums = (struct sums){ info.blocks, info.used };
}

static enum verdict check_slot(uint32_t slot)
{
	const struct pool_slot *s = pool_at(pool, pool->slots);

	s += slot;
	if (s->busy != 0 || s->claim != 0 || s->intent != 0 ||
	    s->state != SLOT_DEAD)
		return verdict_is(INCONSISTENT, "slot %u is not settled", slot);
	return GOOD;
}

/* ---- a walk ------------------------------------------------------------- */

/* Of the walk: sums, owners that there are, and that no guard is damaged. */
static enum verdict walk(struct km_mem_info *sums)
{
	struct view_walk walk = { .with_free = true };
	struct view_block block;
	struct misuse finding;
	struct view *view;
	bool is_good = true;
	int rc;

	*sums = (struct km_mem_info){ 0 };
	if (view_open_map(pool, pool->max_size, &view) != 0)
		return verdict_is(INCONSISTENT, "no view");
	while ((rc = view_next(view, &walk, &block)) == 1) {
		is_good &= view_inspect(view, &block, &finding) == 0 &&
			   block.owner < N_NAMED;
		sums->used += block.is_free ? 0 : block.size;
		sums->blocks += !block.is_free;
		sums->free += block.is_free ? block.room : 0;
	}
	view_close(&view);
	if (rc != 0)
		return verdict_is(INCONSISTENT, "a walk says %d", rc);
	return is_good ? GOOD : verdict_is(INCONSISTENT, "a damaged guard or owner");
}

static enum verdict check_walk(void)
{
	struct km_mem_info info, walked;
	enum verdict v = walk(&walked);

	shm_info(&info);
	if (v != GOOD)
		return v;
	if (info.total != info.free + info.real_used ||
	    info.used > info.real_used || info.real_used > info.max_used)
		return verdict_is(INCONSISTENT, "impossible sums");
	if (walked.used != info.used || walked.blocks != info.blocks ||
	    walked.free != info.free)
		return verdict_is(INCONSISTENT, "a walk and sums differ");
	return GOOD;
}

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* As before the operation, or as after it. */
static bool is_either(const struct operation *op, const struct sums *now)
{
	uint64_t slack = (op->flags & OP_RUN) != 0 ? world->slack : 0;
	const struct sums *b = &board->before, *a = &board->after;

	if (now->blocks == b->blocks && apart(now->used, b->used) <= slack)
		return true;
	if (now->blocks == a->blocks && apart(now->used, a->used) <= slack)
		return true;
	return (op->flags & OP_MOVES) != 0 && now->blocks == b->blocks + 1;
}

static enum verdict check_sums(const struct operation *op)
{
	struct sums now;

	judge_sums(&now);
	/* While the operation runs for the first time, `after` is not known. */
	if (board->after.blocks != UINT64_MAX && !is_either(op, &now))
		return verdict_is(INCONSISTENT,
		    "%" PRIu64 " blocks of %" PRIu64 " bytes: neither %" PRIu64
		    " of %" PRIu64 " nor %" PRIu64 " of %" PRIu64,
		    now.blocks, now.used, board->before.blocks,
		    board->before.used, board->after.blocks, board->after.used);
	return GOOD;
}

/* ---- a pointer and its block -------------------------------------------- */

/* *where has a block, as others have theirs, or there is none for it. */
static enum verdict check_where(const struct operation *op)
{
	struct view_walk walk = { 0 };
	struct view_block block;
	enum verdict v = GOOD;
	uint64_t others = 0;
	bool found = false;
	struct view *view;

	/* Of one who went on, others have blocks of any kind. */
	if ((op->flags & OP_WHERE) == 0 || board->after.blocks == UINT64_MAX)
		return GOOD;
	if (view_open_map(pool, pool->max_size, &view) != 0)
		return verdict_is(INCONSISTENT, "no view");
	while (v == GOOD && view_next(view, &walk, &block) == 1) {
		if (block.state != BLOCK_NORMAL)
			v = verdict_is(
			    INCONSISTENT, "a block is half published");
		else if (block.addr == (uintptr_t)*board->where)
			found = true;
		else
			others++;
	}
	view_close(&view);
	if (v == GOOD && others != board->n_others)
		v = verdict_is(LOST, "a block that nobody has a pointer to");
	if (v == GOOD && !found && *board->where != NULL)
		v = verdict_is(INCONSISTENT, "a pointer to no block");
	return v;
}

/* ---- the living go on --------------------------------------------------- */

static enum verdict check_kept(void)
{
	for (unsigned i = 0; i < N_KEPT; i++)
		if (board->kept[i] != NULL &&
		    !is_stamped(board->kept[i], board->kept_size[i]))
			return verdict_is(TWICE,
			    "block %u of %u bytes is overwritten", i,
			    board->kept_size[i]);
	return GOOD;
}

/* All the memory there is, in blocks of several sizes. */
static enum verdict check_taking(void)
{
	static const size_t sizes[] = { 40000, 6000, 1000, 176, 48, 16 };
	unsigned n = 0;
	uint64_t sum = 0;

	for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		while ((taken[n] = take(sizes[s])) != NULL) {
			taken_size[n] = sizes[s];
			stamp(taken[n], sizes[s]);
			sum += sizes[s];
			n++;
			/* A little of each; the last takes what is left. */
			if (s + 1 < sizeof(sizes) / sizeof(sizes[0]) &&
			    n % 8 == 0)
				break;
		}
	for (unsigned i = 0; i < n; i++)
		if (!is_stamped(taken[i], taken_size[i]))
			return verdict_is(TWICE,
			    "a block of %zu bytes was given twice",
			    taken_size[i]);
	return sum > 0 || board->before.used > world->pool_size / 2
		   ? check_kept()
		   : verdict_is(LOST, "nobody gets a block any more");
}

static enum verdict check_all_comes_back(void)
{
	struct view_walk walk = { 0 };
	struct km_mem_info info;
	struct view_block block;
	struct view *view;

	board->misused = 0;
	if (view_open_map(pool, pool->max_size, &view) != 0)
		return verdict_is(INCONSISTENT, "no view");
	while (view_next(view, &walk, &block) == 1)
		shm_free((void *)(uintptr_t)block.addr);
	view_close(&view);
	shm_info(&info);
	if (board->misused != 0 || info.used != 0 || info.blocks != 0)
		return verdict_is(
		    INCONSISTENT, "not all that is live can be freed");
	return world->check_empty();
}

enum verdict judge(const struct operation *op)
{
	struct km_mem_info unsettled;
	enum verdict v = walk(&unsettled);

	slot_dead(pool, VICTIM);
	if ((op->flags & OP_RECOVER) != 0)
		slot_dead(pool, THIRD);
	if (world->settle != NULL)
		world->settle();
	if (v == GOOD)
		v = check_slot(VICTIM);
	if (v == GOOD)
		v = world->check();
	if (v == GOOD)
		v = check_walk();
	if (v == GOOD)
		v = check_sums(op);
	if (v == GOOD)
		v = check_where(op);
	if (v == GOOD)
		v = check_kept();
	if (v == GOOD)
		v = check_taking();
	if (v == GOOD)
		v = check_all_comes_back();
	return v;
}
