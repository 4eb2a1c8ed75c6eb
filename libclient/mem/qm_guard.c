/* SPDX-License-Identifier: ISC */
/* qm_guard.c - guards behind a payload: fill, check, inspect from outside. */
#include "config.h"

#include <string.h>

#include "base/err.h"
#include "mem/qm.h"
#include "mem/site_table.h"

/* Split leaves no more slack than this, see MIN_PAYLOAD in qm.c. */
#define SLACK_MAX (QM_OVERHEAD + 2 * QM_ROUND)

void qm_slack_fill(struct qm_frag *frag, size_t requested)
{
	memset((char *)qm_payload(frag) + requested, QM_SLACK,
	    frag->size - requested);
}

size_t qm_slack_check(const unsigned char *slack, size_t size)
{
	size_t i = 0;

	while (i < size && slack[i] == QM_SLACK)
		i++;
	return i;
}

bool qm_end_is_good(const struct qm_frag_end *end, size_t size)
{
	return end->check1 == QM_END_CHECK1 && end->check2 == QM_END_CHECK2 &&
	       end->size == size;
}

/* The slack and the end of a live block, as they are in the view. */
static bool read_guards(struct view *view, const struct view_block *block,
    unsigned char *slack, struct qm_frag_end *end)
{
	uint64_t off = block->addr - view_header(view)->base;
	size_t size = block->room - block->size;

	return size <= SLACK_MAX &&
	       view_read(view, off + block->size, slack, size) == 0 &&
	       view_read(view, off + block->room, end, sizeof(*end)) == 0;
}

/*
 * Read the block's head again behind the guards: its owner may have freed or
 * resized it meanwhile, and then they prove nothing.
 */
static bool is_still(struct view *view, const struct view_block *block)
{
	uint64_t off = block->addr - view_header(view)->base;
	struct qm_frag frag;

	return view_read(view, off - sizeof(frag), &frag, sizeof(frag)) == 0 &&
	       frag.u.is_free == 0 && frag.seq == block->seq &&
	       frag.size == block->room && frag.requested == block->size;
}

int qm_inspect(
    struct view *view, const struct view_block *block, struct misuse *finding)
{
	unsigned char slack[SLACK_MAX];
	struct qm_frag_end end;
	size_t size, bad;

	if (block->is_free || !read_guards(view, block, slack, &end))
		return 0;
	size = block->room - block->size;
	bad = qm_slack_check(slack, size);
	if ((bad == size && qm_end_is_good(&end, block->room)) ||
	    !is_still(view, block))
		return 0;
	*finding = (struct misuse){
		.kind = MISUSE_TAIL,
		.block = (const void *)(uintptr_t)block->addr,
		.size = block->size,
		.site = block->site,
		.found = { end.check1, end.check2 },
	};
	if (bad < size)
		memcpy(finding->found, slack + bad,
		    size - bad < sizeof(finding->found)
			? size - bad
			: sizeof(finding->found));
	return 1;
}
