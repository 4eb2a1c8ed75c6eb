/* SPDX-License-Identifier: ISC */
/* dump_ranks.h - which of a pool's live blocks is the oldest, the next ... */
#ifndef KMEMD_METHODS_DUMP_RANKS_H
#define KMEMD_METHODS_DUMP_RANKS_H
/*
 * Eight bytes for each live block, while a dump lasts.
 */
#include <stddef.h>
#include <stdint.h>

struct dump_ranks {
	uint64_t *seq;
	size_t n, room;
};

/* 0 or -KM_ENOMEM. */
int dump_ranks_add(struct dump_ranks *ranks, uint64_t seq);
/* Once, when all are in. */
void dump_ranks_sort(struct dump_ranks *ranks);
/* From 1, the oldest. One that was not added gets the place it would have. */
size_t dump_ranks_of(const struct dump_ranks *ranks, uint64_t seq);
void dump_ranks_fini(struct dump_ranks *ranks);

#endif
