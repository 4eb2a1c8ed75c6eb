/* SPDX-License-Identifier: ISC */
/* kill_judge.c - whether a pool is whole, after somebody was killed in it. */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem/manager.h"
#include "mem/shm_mem.h"
#include "mem/slab_part.h"
#include "mem/slot.h"
#include "mem/view.h"
#include "tests/stress/kill_points.h"

#define N_TAKEN 65536

static void *taken[N_TAKEN];
static size_t taken_size[N_TAKEN];

static __attribute__((format(printf, 2, 3))) enum verdict is(
    enum verdict verdict, const char *fmt, ...)
{
	va_list args;

	board->lost = SLAB_PAGE;
	va_start(args, fmt);
	vsnprintf(board->why, sizeof(board->why), fmt, args);
	va_end(args);
	return verdict;
}

/* ---- blocks ------------------------------------------------------------- */

void *take(size_t size)
{
	struct slab_part *part = slab_part_of(pool);

	return part != NULL ? slab_alloc_slow(part, size, 0) : NULL;
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

/* ---- the page table ----------------------------------------------------- */

static const struct slab_page *rows;
static uint64_t n_rows;
static uint32_t bits[MAP_SIZE / SLAB_PAGE]; /* units that rows name */

static uint64_t pages_of(uint64_t word)
{
	switch (slab_kind(word)) {
	case SLAB_SPAN:
	case SLAB_ABAND:
		return slab_class[slab_word_class(word)].n_pages;
	case SLAB_HEAD:
		return slab_word_n(word);
	default:
		return 1;
	}
}

/* Each unit of a span is taken, and by it alone. */
static enum verdict check_units(uint64_t i)
{
	uint32_t unit = rows[i].unit;
	unsigned n = slab_class[slab_word_class(rows[i].word)].n_units;

	if (unit == 0)
		return is(INCONSISTENT, "span %" PRIu64 " has no tags", i);
	for (unsigned k = 0; k < n; k++, unit++) {
		uint64_t word = rows[unit / SLAB_UNITS].word;
		uint32_t bit = (uint32_t)1 << unit % SLAB_UNITS;

		if (slab_kind(word) != SLAB_TAGS ||
		    ((word >> SLAB_BITS_SHIFT) & bit) == 0)
			return is(INCONSISTENT,
			    "span %" PRIu64 ": unit %u is not taken", i, unit);
		if ((bits[unit / SLAB_UNITS] & bit) != 0)
			return is(TWICE, "unit %u of two spans", unit);
		bits[unit / SLAB_UNITS] |= bit;
	}
	return GOOD;
}

static enum verdict check_row(uint64_t i, uint64_t *head, uint64_t *end)
{
	uint64_t word = rows[i].word;
	unsigned above = i + 1 < n_rows ? slab_kind(rows[i + 1].word) : 0;

	switch (slab_kind(word)) {
	case SLAB_SPAN:
		if (slab_word_slot(word) == VICTIM)
			return is(INCONSISTENT, "page %" PRIu64 " is his", i);
		__attribute__((fallthrough));
	case SLAB_ABAND:
	case SLAB_HEAD:
		*head = i;
		*end = i + pages_of(word);
		return slab_kind(word) != SLAB_HEAD ? check_units(i) : GOOD;
	case SLAB_CONT:
		if (i < *end && slab_word_head(word) == *head)
			return GOOD;
		return is(LOST, "page %" PRIu64 " continues nothing", i);
	case SLAB_GUARD:
		return above == SLAB_TAGS
			   ? GOOD
			   : is(LOST, "guard %" PRIu64 " of nothing", i);
	case SLAB_FREE:
		return above == SLAB_TAGS
			   ? is(INCONSISTENT, "no guard at %" PRIu64, i)
			   : GOOD;
	case SLAB_TAGS:
		return GOOD;
	default:
		return is(
		    LOST, "page %" PRIu64 " is of kind %u", i, slab_kind(word));
	}
}

/* Others look only there. */
static bool is_touched(uint64_t i)
{
	const uint8_t *touched = pool_at(pool, slab_of(pool)->touched);

	return touched[i / SLAB_GROUP] != 0;
}

static enum verdict check_rows(void)
{
	uint64_t head = 0, end = 0, held = 0;
	enum verdict v;

	rows = slab_pages(pool);
	n_rows = slab_n_pages(slab_of(pool));
	memset(bits, 0, sizeof(bits));
	for (uint64_t i = 0; i < n_rows; i++) {
		if (i < end && slab_kind(rows[i].word) != SLAB_CONT)
			return is(
			    INCONSISTENT, "page %" PRIu64 " is missing", i);
		v = check_row(i, &head, &end);
		if (v != GOOD)
			return v;
		held += slab_kind(rows[i].word) != SLAB_FREE;
		if (slab_kind(rows[i].word) != SLAB_FREE && !is_touched(i))
			return is(
			    INCONSISTENT, "page %" PRIu64 " is skipped", i);
	}
	for (uint64_t i = 0; i < n_rows; i++)
		if (slab_kind(rows[i].word) == SLAB_TAGS &&
		    rows[i].word >> SLAB_BITS_SHIFT != bits[i])
			return is(LOST, "tags %" PRIu64 " that no span has", i);
	if (slab_of(pool)->n_held != held)
		return is(INCONSISTENT,
		    "%" PRIu64 " pages held, %" PRIu64 " counted", held,
		    slab_of(pool)->n_held);
	return GOOD;
}

static enum verdict check_slot(uint32_t slot)
{
	const struct pool_slot *s = pool_at(pool, pool->slots);

	s += slot;
	if (s->busy != 0 || s->claim != 0 || s->intent != 0 ||
	    s->state != SLOT_DEAD)
		return is(INCONSISTENT, "slot %u is not settled", slot);
	return GOOD;
}

/* ---- a walk ------------------------------------------------------------- */

/* Of the walk: sums, and blocks that must be there. */
static enum verdict walk_agrees(const struct km_mem_info *info)
{
	struct view_walk walk = { .with_free = true };
	uint64_t used = 0, blocks = 0, room = 0;
	struct view_block block;
	struct view *view;
	int rc;

	if (view_open_map(pool, pool->max_size, &view) != 0)
		return is(INCONSISTENT, "no view");
	while ((rc = view_next(view, &walk, &block)) == 1) {
		used += block.is_free ? 0 : block.size;
		blocks += !block.is_free;
		room += block.is_free ? block.room : 0;
	}
	view_close(&view);
	if (rc != 0 || used != info->used || blocks != info->blocks ||
	    room != info->free)
		return is(INCONSISTENT, "a walk and sums differ");
	return GOOD;
}

static enum verdict check_walk(void)
{
	struct km_mem_info info;

	shm_info(&info);
	if (pool->size != slab_of(pool)->data.bytes + n_rows * SLAB_PAGE)
		return is(INCONSISTENT, "size of the pool and pages differ");
	if (info.total != info.free + info.real_used ||
	    info.used > info.real_used || info.real_used > info.max_used)
		return is(INCONSISTENT, "impossible sums");
	return walk_agrees(&info);
}

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* As before the operation, or as after it. */
static bool is_either(const struct operation *op, const struct sums *now)
{
	uint64_t slack = (op->flags & OP_RUN) != 0 ? SLAB_PAGE : 0;
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
		return is(INCONSISTENT,
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
		return is(INCONSISTENT, "no view");
	while (v == GOOD && view_next(view, &walk, &block) == 1) {
		if (block.state != BLOCK_NORMAL)
			v = is(INCONSISTENT, "a block is half published");
		else if (block.addr == (uintptr_t)*board->where)
			found = true;
		else
			others++;
	}
	view_close(&view);
	if (v == GOOD && others != board->n_others)
		v = is(LOST, "a block that nobody has a pointer to");
	if (v == GOOD && !found && *board->where != NULL)
		v = is(INCONSISTENT, "a pointer to no block");
	return v;
}

/* ---- the living go on --------------------------------------------------- */

static enum verdict check_kept(void)
{
	for (unsigned i = 0; i < N_KEPT; i++)
		if (board->kept[i] != NULL &&
		    !is_stamped(board->kept[i], board->kept_size[i]))
			return is(TWICE, "block %u of %u bytes is overwritten",
			    i, board->kept_size[i]);
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
			return is(TWICE, "a block of %zu bytes was given twice",
			    taken_size[i]);
	return sum > 0 || board->before.used > POOL_SIZE / 2
		   ? check_kept()
		   : is(LOST, "nobody gets a block any more");
}

/* Then each page is free. */
static enum verdict check_all_comes_back(void)
{
	struct view_walk walk = { 0 };
	struct km_mem_info info;
	struct view_block block;
	struct view *view;

	board->misused = 0;
	if (view_open_map(pool, pool->max_size, &view) != 0)
		return is(INCONSISTENT, "no view");
	while (view_next(view, &walk, &block) == 1)
		shm_free((void *)(uintptr_t)block.addr);
	view_close(&view);
	shm_info(&info);
	if (board->misused != 0 || info.used != 0 || info.blocks != 0)
		return is(INCONSISTENT, "not all that is live can be freed");
	manager_slab.trim(pool);
	shm_info(&info);
	n_rows = slab_n_pages(slab_of(pool));
	if (info.free != n_rows << SLAB_PAGE_SHIFT) {
		is(LOST, "%" PRIu64 " bytes do not come back",
		    (n_rows << SLAB_PAGE_SHIFT) - info.free);
		board->lost = (n_rows << SLAB_PAGE_SHIFT) - info.free;
		return LOST;
	}
	return slab_of(pool)->n_held == 0
		   ? GOOD
		   : is(INCONSISTENT, "pages held in an empty pool");
}

enum verdict judge(const struct operation *op)
{
	enum verdict v;

	slot_dead(pool, VICTIM);
	if ((op->flags & OP_RECOVER) != 0)
		slot_dead(pool, THIRD);
	v = check_slot(VICTIM);
	if (v == GOOD)
		v = check_rows();
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
