/* SPDX-License-Identifier: ISC */
/* dump_ranks.c - a sorted array of allocation numbers. */
#include "config.h"

#include <stdlib.h>

#include "base/err.h"
#include "daemon/methods/dump_ranks.h"

#define FIRST_ROOM 1024 /* numbers */

int dump_ranks_add(struct dump_ranks *ranks, uint64_t seq)
{
	size_t room = ranks->room > 0 ? ranks->room * 2 : FIRST_ROOM;
	uint64_t *more;

	if (ranks->n == ranks->room) {
		more = realloc(ranks->seq, room * sizeof(*more));
		if (more == NULL)
			return -KM_ENOMEM;
		ranks->seq = more;
		ranks->room = room;
	}
	ranks->seq[ranks->n++] = seq;
	return 0;
}

static int older_first(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void dump_ranks_sort(struct dump_ranks *ranks)
{
	if (ranks->n > 0)
		qsort(ranks->seq, ranks->n, sizeof(*ranks->seq), older_first);
}

size_t dump_ranks_of(const struct dump_ranks *ranks, uint64_t seq)
{
	size_t low = 0, high = ranks->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ranks->seq[mid] < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low + 1;
}

void dump_ranks_fini(struct dump_ranks *ranks)
{
	free(ranks->seq);
	*ranks = (struct dump_ranks){ 0 };
}
