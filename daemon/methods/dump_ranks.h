/* SPDX-License-Identifier: ISC */
/* dump_ranks.h - which of a pool's live blocks is the oldest, the next ... */
#ifndef KMEMD_METHODS_DUMP_RANKS_H
#define KMEMD_METHODS_DUMP_RANKS_H
/*
 * The ranks of the blocks of one page among all live blocks: those of the
 * page are kept, those of the pool only counted, however many they are.
 */
#include <stddef.h>
#include <stdint.h>

#define DUMP_RANKS_MAX 1000

/* Start with a zeroed one. */
struct dump_ranks {
	size_t n;
	uint64_t seq[DUMP_RANKS_MAX];
	/* [i]: live blocks older than seq[i], but not than seq[i - 1] */
	uint64_t older[DUMP_RANKS_MAX];
};

/* First each block of the page, at most DUMP_RANKS_MAX; then sort, once. */
void dump_ranks_add(struct dump_ranks *ranks, uint64_t seq);
void dump_ranks_sort(struct dump_ranks *ranks);
/* Then each live block of the pool, those of the page as well. */
void dump_ranks_count(struct dump_ranks *ranks, uint64_t seq);
/* Once, when all are counted. */
void dump_ranks_sum(struct dump_ranks *ranks);
/* At last, of a block of the page: from 1, the oldest. */
uint64_t dump_ranks_of(const struct dump_ranks *ranks, uint64_t seq);

#endif
