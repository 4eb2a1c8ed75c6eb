/* SPDX-License-Identifier: ISC */
/* site_sums.c - live blocks and bytes per call site. */
#include "config.h"

#include <stdlib.h>

#include "base/err.h"
#include "mem/status.h"

const char *const age_class_names[] = {
	[AGE_1M] = "1m",
	[AGE_10M] = "10m",
	[AGE_1H] = "1h",
	[AGE_1D] = "1d",
	[AGE_OLDER] = "older",
};
_Static_assert(
    sizeof(age_class_names) / sizeof(age_class_names[0]) == AGE_CLASS__COUNT,
    "a name for each");

static const uint32_t age_class_end[AGE_CLASS__COUNT] = {
	60, 600, 3600, 86400, UINT32_MAX /* seconds */
};

int site_sums_init(struct site_sums *sums, struct view *view)
{
	sums->n = view_header(view)->n_sites;
	sums->sum = calloc(sums->n, sizeof(*sums->sum));
	return sums->sum != NULL ? 0 : -KM_ENOMEM;
}

static enum age_class class_of(uint32_t age)
{
	int class = AGE_1M;

	while (class < AGE_OLDER && age >= age_class_end[class])
		class ++;
	return (enum age_class) class;
}

/* A row beyond the table is damage: it counts as the unknown site. */
void site_sums_add(struct site_sums *sums, const struct view_block *block)
{
	uint32_t site = block->site < sums->n ? block->site : 0;
	struct site_sum *sum = &sums->sum[site];

	sum->site = site;
	if (sum->count == 0 || block->age > sum->oldest)
		sum->oldest = block->age;
	if (sum->count == 0 || block->age < sum->newest)
		sum->newest = block->age;
	sum->count++;
	sum->size += block->size;
	sum->of_age[class_of(block->age)]++;
}

static int more_first(uint64_t x, uint64_t y)
{
	return x < y ? 1 : x > y ? -1 : 0;
}

static int by_size(const void *a, const void *b)
{
	const struct site_sum *x = a, *y = b;

	if (x->size != y->size)
		return more_first(x->size, y->size);
	if (x->count != y->count)
		return more_first(x->count, y->count);
	return more_first(y->site, x->site);
}

static int by_count(const void *a, const void *b)
{
	const struct site_sum *x = a, *y = b;

	return x->count != y->count ? more_first(x->count, y->count)
				    : by_size(a, b);
}

void site_sums_sort(struct site_sums *sums, enum site_order order)
{
	static int (*const compare[SITE_ORDER__COUNT])(
	    const void *a, const void *b) = {
		[SITES_BY_SIZE] = by_size,
		[SITES_BY_COUNT] = by_count,
	};
	uint32_t n = 0;

	for (uint32_t i = 0; i < sums->n; i++)
		if (sums->sum[i].count > 0)
			sums->sum[n++] = sums->sum[i];
	sums->n = n;
	qsort(sums->sum, n, sizeof(*sums->sum), compare[order]);
}

void site_sums_fini(struct site_sums *sums)
{
	free(sums->sum);
	sums->sum = NULL;
	sums->n = 0;
}
