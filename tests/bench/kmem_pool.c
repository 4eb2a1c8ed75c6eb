/* SPDX-License-Identifier: ISC */
/* kmem_pool.c - a pool for a program that kmemd did not fork. */
#include "config.h"

#include <stdint.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/pool.h"
#include "mem/segment.h"
#include "mem/slot.h"
#include "tests/bench/kmem_pool.h"

#define SLOTS_SPARE 8 /* for what a manager takes itself */

static struct km_pool *pools[KM_POOL_KIND__COUNT];

int km_bench_pool_open(
    enum km_pool_kind kind, const char *manager, size_t size, int processes)
{
	struct segment_options segment = {
		.name = "bench",
		.size = size,
		.backend = SEGMENT_MEMFD,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
	};
	struct pool_options opt = {
		.kind = kind,
		.manager = manager,
		.name = "bench",
		.n_slots = (uint32_t)processes + SLOTS_SPARE,
	};
	struct segment seg;
	void *map;
	int rc;

	if (!pool_has_manager(manager))
		return -KM_EINVAL;
	rc = segment_create(&seg, &segment);
	if (rc != 0)
		return rc;
	rc = segment_map(&seg, NULL, &map);
	opt.size = seg.size;
	segment_close(&seg);
	return rc != 0 ? rc : pool_create(map, &opt, &pools[kind]);
}

void km_bench_pool_join(enum km_pool_kind kind, int rank)
{
	slot_set(pools[kind], (uint32_t)rank, (int32_t)getpid(), rank, "bench");
	pool_use(kind, pools[kind], (uint32_t)rank);
}
