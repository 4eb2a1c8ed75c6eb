/* SPDX-License-Identifier: ISC */
/* dump_ranks.c - counts how many blocks are older than each of a page. */
#include "config.h"

#include <stdlib.h>

#include "daemon/methods/dump_ranks.h"

void dump_ranks_add(struct dump_ranks *ranks, uint64_t seq)
{
	if (ranks->n < DUMP_RANKS_MAX)
		ranks->seq[ranks->n++] = seq;
}

static int older_first(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void dump_ranks_sort(struct dump_ranks *ranks)
{
	qsort(ranks->seq, ranks->n, sizeof(ranks->seq[0]), older_first);
}

/* The first of the page that is at least this young; n: there is none. */
static size_t find(const struct dump_ranks *ranks, uint64_t seq)
{
	size_t low = 0, high = ranks->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ranks->seq[mid] < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void dump_ranks_count(struct dump_ranks *ranks, uint64_t seq)
{
	size_t i = find(ranks, seq + 1);

	if (i < ranks->n)
		ranks->older[i]++;
}

void dump_ranks_sum(struct dump_ranks *ranks)
{
	for (size_t i = 1; i < ranks->n; i++)
		ranks->older[i] += ranks->older[i - 1];
}

uint64_t dump_ranks_of(const struct dump_ranks *ranks, uint64_t seq)
{
	size_t i = find(ranks, seq);

	return i < ranks->n ? ranks->older[i] + 1 : 0;
}
