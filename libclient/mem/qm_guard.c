/* SPDX-License-Identifier: ISC */
/* qm_guard.c - guards behind a payload: fill, check, inspect from outside. */
#include "config.h"

#include <stddef.h>
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

static size_t slack_check(const unsigned char *slack, size_t size)
{
	size_t i = 0;

	while (i < size && slack[i] == QM_SLACK)
		i++;
	return i;
}

/* Bytes into the end where it is damaged; its size: it is good. */
static size_t end_check(const struct qm_frag_end *end, size_t room)
{
	if (end->check1 != QM_END_CHECK1)
		return offsetof(struct qm_frag_end, check1);
	if (end->check2 != QM_END_CHECK2)
		return offsetof(struct qm_frag_end, check2);
	return end->size != room ? offsetof(struct qm_frag_end, size)
				 : sizeof(*end);
}

bool qm_guard_is_good(
    const unsigned char *guard, size_t slack, size_t room, size_t *bad)
{
	struct qm_frag_end end;

	*bad = slack_check(guard, slack);
	if (*bad < slack)
		return false;
	memcpy(&end, guard + slack, sizeof(end));
	*bad += end_check(&end, room);
	return *bad == slack + sizeof(end);
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
	unsigned char guard[SLACK_MAX + sizeof(struct qm_frag_end)];
	uint64_t off = block->addr - view_header(view)->base + block->size;
	size_t slack = block->room - block->size, bad;

	/* More slack than split() leaves: a block that is being resized. */
	if (block->is_free || slack > SLACK_MAX ||
	    view_read(view, off, guard, slack + sizeof(struct qm_frag_end)) !=
		0)
		return 0;
	if (qm_guard_is_good(guard, slack, block->room, &bad) ||
	    !is_still(view, block))
		return 0;
	*finding = (struct misuse){
		.kind = MISUSE_TAIL,
		.block = (const void *)(uintptr_t)block->addr,
		.size = block->size,
		.site = block->site,
	};
	misuse_show_found(finding, guard + bad, sizeof(finding->found),
	    (int64_t)(block->size + bad));
	return 1;
}
