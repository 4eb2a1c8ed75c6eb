/* SPDX-License-Identifier: ISC */
/* qm_find.c - from a caller's pointer to its fragment, trusting nothing. */
#include "config.h"

#include <stdbool.h>
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

/* Whether the row of fragments has a head at this place: slow, for reports. */
static bool row_has(const struct km_pool *pool, const struct qm_frag *want)
{
	const struct qm_block *qm = qm_block_of(pool);
	const struct qm_frag *frag = qm->first_frag;

	while (frag < want && qm_head_is_sound(pool, frag))
		frag = qm_next(frag);
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
	const unsigned char *slack = qm_payload(frag);
	const struct qm_frag_end *end = qm_end(frag);
	size_t size, bad;

	slack += frag->requested;
	size = frag->size - frag->requested;
	bad = qm_slack_check(slack, size);
	if (bad < size) {
		/* Those behind the slack are the end's: there are enough. */
		memcpy(misuse->found, slack + bad, sizeof(misuse->found));
		return false;
	}
	misuse->found[0] = end->check1;
	misuse->found[1] = end->check2;
	return qm_end_is_good(end, frag->size);
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
	if (!qm_head_is_sound(pool, frag)) {
		if (!row_has(pool, frag))
			return wrong(misuse, MISUSE_NO_BLOCK);
		misuse->found[0] = frag->size;
		misuse->found[1] = frag->check;
		return wrong(misuse, MISUSE_HEAD);
	}

	misuse->size = frag->requested;
	misuse->site = frag->site;
	if (frag->u.is_free != 0) {
		misuse->freed_site = frag->free_site;
		return wrong(misuse, MISUSE_FREED);
	}
	return guards_are_good(frag, misuse) ? frag
					     : wrong(misuse, MISUSE_TAIL);
}
