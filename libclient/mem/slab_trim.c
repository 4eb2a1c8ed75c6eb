/* SPDX-License-Identifier: ISC */
/* slab_trim.c - giving what is not in use back: to the pool, to the system. */
#include "config.h"

#include <sys/mman.h>

#include "mem/slab_part.h"
#include "mem/slab_view.h"

/* So few pages are out of reach at a time, and of few free ones but a part. */
#define AT_ONCE	     SLAB_GROUP /* pages */
#define AT_ONCE_PART 8u		/* one in so many free ones */

static char *at(const struct slab_part *part, uint64_t i)
{
	return slab_addr(part, &part->pages[i]);
}

/* How many of these pages have memory of the system. */
static unsigned count_resident(
    const struct slab_part *part, uint64_t i, uint64_t n)
{
	unsigned char is_in[AT_ONCE];
	unsigned sum = 0;

	if (mincore(at(part, i), n << SLAB_PAGE_SHIFT, is_in) != 0)
		return 0;
	for (uint64_t k = 0; k < n; k++)
		sum += is_in[k] & 1;
	return sum;
}

/* A hole in the file for shared memory; for private memory zero pages. */
static void punch(const struct slab_part *part, uint64_t i, uint64_t n)
{
	size_t size = n << SLAB_PAGE_SHIFT;

	if (madvise(at(part, i), size, MADV_REMOVE) != 0)
		madvise(at(part, i), size, MADV_DONTNEED);
}

/* Returns how many of them the system gets. */
static unsigned give_to_system(struct slab_part *part, uint64_t i, uint64_t n)
{
	unsigned resident = count_resident(part, i, n);

	if (resident > 0)
		punch(part, i, n);
	return resident;
}

/* From 1 to AT_ONCE. n_held is a hint: at worst it is too few or too many. */
static uint64_t at_once(const struct slab *slab)
{
	uint64_t held = __atomic_load_n(&slab->n_held, __ATOMIC_RELAXED);
	uint64_t all = slab_n_pages(slab);
	uint64_t n = held < all ? (all - held) / AT_ONCE_PART : 0;

	if (n < 1)
		return 1;
	return n < AT_ONCE ? n : AT_ONCE;
}

/* Of pages in [i, end): a row of free ones after the other. */
static uint64_t trim_group(struct slab_part *part, uint64_t i, uint64_t end)
{
	uint64_t most = at_once(part->slab), n, sum = 0;

	while (i < end) {
		n = end - i < most ? end - i : most;
		/* While they are reserved nobody writes to them. */
		n = slab_pages_reserve(part, i, n);
		if (n == 0) {
			i++;
			continue;
		}
		sum += give_to_system(part, i, n);
		slab_pages_unreserve(part, i, n, slab_res(part->slot, i));
		i += n;
	}
	return sum;
}

size_t slab_trim_pages(struct slab_part *part, uint64_t i, uint64_t end)
{
	uint64_t next, sum = 0;

	for (; i < end; i = next) {
		next = i + AT_ONCE < end ? i + AT_ONCE : end;
		if (count_resident(part, i, next - i) > 0)
			sum += trim_group(part, i, next);
	}
	return sum << SLAB_PAGE_SHIFT;
}

size_t slab_trim(struct km_pool *pool)
{
	struct slab_part *part = slab_part_of(pool);

	if (part == NULL)
		return 0;
	slab_take_empty(part);
	return slab_trim_pages(part, 0, slab_n_pages(part->slab));
}
