/* SPDX-License-Identifier: ISC */
/* qm_list.c - free lists of qm: one per size, then one per power of two. */
#include "config.h"

#include "mem/qm.h"

static unsigned list_of(size_t size)
{
	if (size <= QM_EXACT_MAX)
		return (unsigned)(size / QM_ROUND);
	return QM_N_EXACT + (unsigned)(__builtin_clzll(QM_EXACT_MAX) -
				       __builtin_clzll(size));
}

static void mark(struct qm_block *qm, unsigned list)
{
	qm->not_empty[list / 64] |= 1ULL << list % 64;
}

static void unmark(struct qm_block *qm, unsigned list)
{
	qm->not_empty[list / 64] &= ~(1ULL << list % 64);
}

/* The first list from `list` on that has fragments; QM_N_LISTS: none. */
static unsigned next_list(const struct qm_block *qm, unsigned list)
{
	unsigned word = list / 64;
	uint64_t bits;

	if (list >= QM_N_LISTS)
		return QM_N_LISTS;
	bits = qm->not_empty[word] & ~0ULL << list % 64;
	while (bits == 0) {
		if (++word >= QM_N_WORDS)
			return QM_N_LISTS;
		bits = qm->not_empty[word];
	}
	return word * 64 + (unsigned)__builtin_ctzll(bits);
}

void qm_list_link(struct qm_block *qm, struct qm_frag *frag)
{
	unsigned list = list_of(frag->size);
	struct qm_frag *first = qm->free_list[list];

	frag->u.nxt_free = first != NULL ? first : QM_LIST_END;
	qm_end(frag)->prev_free = NULL;
	if (first != NULL)
		qm_end(first)->prev_free = frag;
	qm->free_list[list] = frag;
	mark(qm, list);
	qm->sums.free += frag->size;
	qm->sums.fragments++;
}

/* Leaves u.nxt_free as it is: the fragment is still free. */
void qm_list_unlink(struct qm_block *qm, struct qm_frag *frag)
{
	unsigned list = list_of(frag->size);
	struct qm_frag *prev = qm_end(frag)->prev_free;
	struct qm_frag *next = frag->u.nxt_free;

	if (next != QM_LIST_END)
		qm_end(next)->prev_free = prev;
	if (prev != NULL)
		prev->u.nxt_free = next;
	else
		qm->free_list[list] = next != QM_LIST_END ? next : NULL;
	if (qm->free_list[list] == NULL)
		unmark(qm, list);
	qm->sums.free -= frag->size;
	qm->sums.fragments--;
}

static struct qm_frag *smallest_in(
    const struct qm_block *qm, unsigned list, size_t size)
{
	struct qm_frag *best = NULL;
	struct qm_frag *frag = qm->free_list[list];

	for (; frag != NULL && frag != QM_LIST_END; frag = frag->u.nxt_free)
		if (frag->size >= size &&
		    (best == NULL || frag->size < best->size))
			best = frag;
	return best;
}

struct qm_frag *qm_list_best(const struct qm_block *qm, size_t size)
{
	unsigned list = next_list(qm, list_of(size));
	struct qm_frag *best = NULL;

	while (list < QM_N_LISTS && best == NULL) {
		best = list < QM_N_EXACT ? qm->free_list[list]
					 : smallest_in(qm, list, size);
		list = next_list(qm, list + 1);
	}
	return best;
}

unsigned qm_list_last(const uint64_t *not_empty)
{
	unsigned word = QM_N_WORDS;

	while (word > 0 && not_empty[word - 1] == 0)
		word--;
	return word == 0 ? QM_N_LISTS
			 : word * 64 - 1 -
			       (unsigned)__builtin_clzll(not_empty[word - 1]);
}
