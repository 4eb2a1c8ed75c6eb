/* SPDX-License-Identifier: ISC */
/* qm_find.c - from a caller's pointer to its fragment, trusting nothing. */
#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "mem/qm.h"
#include "mem/site_table.h"

bool qm_head_is_sound(const struct km_pool *pool, const struct qm_frag *frag)
{
	uint64_t off = (uint64_t)((uintptr_t)frag - (uintptr_t)pool);
	uint64_t last = qm_last_off(pool);

	return frag->check == qm_head_check(off) &&
	       frag->size % QM_ROUND == 0 && off + QM_OVERHEAD <= last &&
	       frag->size <= last - off - QM_OVERHEAD;
}

/*
 * Whether the row of fragments has a head at this place: slow, for reports.
 * *before is the fragment before it, NULL at the start.
 */
static bool row_has(const struct km_pool *pool, const struct qm_frag *want,
    const struct qm_frag **before)
{
	const struct qm_block *qm = qm_block_of(pool);
	const struct qm_frag *frag = qm->first_frag;

	*before = NULL;
	while (frag < want && qm_head_is_sound(pool, frag)) {
		*before = frag;
		frag = qm_next(frag);
	}
	return frag == want;
}

static struct qm_frag *wrong(struct misuse *misuse, enum misuse_kind kind)
{
	misuse->kind = kind;
	return NULL;
}

static bool is_inside(const struct km_pool *pool, const void *p)
{
	const struct qm_block *qm = qm_block_of(pool);

	return p >= qm_payload(qm->first_frag) &&
	       p < (const void *)qm->last_frag;
}

static bool guards_are_good(const struct qm_frag *frag, struct misuse *misuse)
{
	const unsigned char *guard = qm_payload(frag);
	size_t bad;

	guard += frag->requested;
	if (qm_guard_is_good(
		guard, frag->size - frag->requested, frag->size, &bad))
		return true;
	misuse_show_found(misuse, guard + bad, sizeof(misuse->found),
	    (int64_t)(frag->requested + bad));
	return false;
}

/*
 * A head that the row leads to, but is not as we left it. What it says is
 * believed where it makes sense: often only its last bytes are damaged.
 */
static void describe_damaged(const struct km_pool *pool,
    const struct qm_frag *frag, const struct qm_frag *before,
    struct misuse *misuse)
{
	uint64_t off = (uint64_t)((uintptr_t)frag - (uintptr_t)pool);
	struct misuse other = { 0 };
	size_t at = offsetof(struct qm_frag, size);

	if (frag->check != qm_head_check(off))
		at = offsetof(struct qm_frag, seq);
	else if (frag->requested > frag->size)
		at = offsetof(struct qm_frag, requested);
	misuse_show_found(misuse, (const char *)frag + at,
	    sizeof(misuse->found), (int64_t)at - (int64_t)sizeof(*frag));
	if (frag->requested <= pool->size)
		misuse->size = frag->requested;
	misuse->site = frag->site;
	if (before == NULL || before->u.is_free != 0 ||
	    before->requested > before->size || guards_are_good(before, &other))
		return;
	misuse->before = qm_payload(before);
	misuse->before_size = before->requested;
	misuse->before_site = before->site;
}

/*
 * No sound head; or one whose `requested` makes no sense, for nobody resizes
 * the block at this moment.
 */
static struct qm_frag *no_head(const struct km_pool *pool,
    const struct qm_frag *frag, struct misuse *misuse)
{
	uint64_t off = (uint64_t)((uintptr_t)frag - (uintptr_t)pool);
	const struct qm_frag *before;

	if (row_has(pool, frag, &before)) {
		describe_damaged(pool, frag, before, misuse);
		return wrong(misuse, MISUSE_HEAD);
	}
	if (frag->check != qm_joined_check(off))
		return wrong(misuse, MISUSE_NO_BLOCK);
	misuse->size = frag->requested;
	misuse->site = frag->site;
	misuse->freed_site = frag->free_site;
	return wrong(misuse, MISUSE_FREED);
}

struct qm_frag *qm_find(
    const struct km_pool *pool, const void *p, struct misuse *misuse)
{
	struct qm_frag *frag =
	    (struct qm_frag *)((uintptr_t)p - sizeof(struct qm_frag));

	*misuse = (struct misuse){ .block = p };
	if (!is_inside(pool, p))
		return wrong(misuse, MISUSE_OUTSIDE);
	if ((uintptr_t)p % QM_ROUND != 0)
		return wrong(misuse, MISUSE_NO_BLOCK);
	if (!qm_head_is_sound(pool, frag) || frag->requested > frag->size)
		return no_head(pool, frag, misuse);
	misuse->size = frag->requested;
	misuse->site = frag->site;
	if (frag->u.is_free != 0) {
		misuse->freed_site = frag->free_site;
		return wrong(misuse, MISUSE_FREED);
	}
	return guards_are_good(frag, misuse) ? frag
					     : wrong(misuse, MISUSE_TAIL);
}
