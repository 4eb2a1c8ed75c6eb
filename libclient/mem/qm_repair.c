/* SPDX-License-Identifier: ISC */
/* qm_repair.c - after a death in the middle: everything anew from the heads. */
#include "config.h"

#include <string.h>

#include "base/tune.h"
#include "mem/qm.h"

static bool was_being_resized(const struct qm_frag *frag)
{
	return frag->requested > frag->size;
}

/*
 * Guards of a caller's block are evidence and are left as they are, unless it
 * was being resized: split() writes the end of the rest over the end of it.
 */
static void rebuild_end(struct qm_frag *frag)
{
	struct qm_frag_end *end = qm_end(frag);

	end->size = frag->size;
	if (frag->u.is_free != 0 || was_being_resized(frag)) {
		end->check1 = QM_END_CHECK1;
		end->check2 = QM_END_CHECK2;
	}
}

static void count_block(struct qm_block *qm, struct qm_frag *frag)
{
	/* Then it has no slack that could be checked. */
	if (was_being_resized(frag))
		frag->requested = frag->size;
	qm->sums.used += frag->requested;
	qm->sums.blocks++;
	if (frag->seq > qm->seq)
		qm->seq = frag->seq;
}

/* One that was freed, or cut off, was not joined with what is behind it yet. */
static void join_behind(struct km_pool *pool, struct qm_frag *frag)
{
	while (km_tune->mem_join != 0 && qm_free_behind(pool, frag) != NULL)
		qm_absorb_next(pool, frag);
}

/*
 * Restartable: a second run makes the same of what the first one has left.
 * Called with the lock held; what follows a damaged head is lost to the free
 * lists, and no block there is touched.
 */
void qm_rebuild(struct km_pool *pool, struct qm_block *qm)
{
	struct qm_frag *frag = qm->first_frag;

	memset(qm->free_list, 0, sizeof(qm->free_list));
	memset(qm->not_empty, 0, sizeof(qm->not_empty));
	account_repair(&pool->account);
	qm->sums = (struct account_sums){ .max_used = qm->sums.max_used };

	for (; qm_head_is_sound(pool, frag); frag = qm_next(frag)) {
		if (frag->u.is_free != 0)
			join_behind(pool, frag);
		rebuild_end(frag);
		if (frag->u.is_free != 0)
			qm_list_link(qm, frag);
		else
			count_block(qm, frag);
	}
}
