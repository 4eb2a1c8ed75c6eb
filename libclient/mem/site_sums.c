/* SPDX-License-Identifier: ISC */
/* site_sums.c - live blocks and bytes per call site. */
#include "config.h"

#include <stdlib.h>

#include "base/err.h"
#include "mem/status.h"

int site_sums_init(struct site_sums *sums, struct view *view)
{
	sums->n = view_header(view)->n_sites;
	sums->sum = calloc(sums->n, sizeof(*sums->sum));
	if (sums->sum == NULL)
		return -KM_ENOMEM;
	for (uint32_t i = 0; i < sums->n; i++)
		sums->sum[i].site = i;
	return 0;
}

/* A row beyond the table is damage: it counts as the unknown site. */
void site_sums_add(struct site_sums *sums, const struct view_block *block)
{
	struct site_sum *sum =
	    &sums->sum[block->site < sums->n ? block->site : 0];

	sum->count++;
	sum->size += block->size;
}

static int larger_first(const void *a, const void *b)
{
	const struct site_sum *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->site < y->site ? -1 : x->site > y->site;
}

void site_sums_sort(struct site_sums *sums)
{
	qsort(sums->sum, sums->n, sizeof(*sums->sum), larger_first);
	for (uint32_t i = 0; i < sums->n; i++)
		if (sums->sum[i].count == 0) {
			sums->n = i;
			break;
		}
}

void site_sums_fini(struct site_sums *sums)
{
	free(sums->sum);
	sums->sum = NULL;
	sums->n = 0;
}
