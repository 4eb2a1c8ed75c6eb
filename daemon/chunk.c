/* SPDX-License-Identifier: ISC */
/* chunk.c - the shared memory segment of the service, with its shm pool. */
#include "config.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/chunk.h"
#include "daemon/param.h"
#include "daemon/reason.h"
#include "mem/manager.h"
#include "mem/pool.h"
#include "mem/segment.h"
#include "mem/slot.h"

#define CHUNK_SLOTS 4096 /* participants, the dead with orphans included */
#define MB	    ((size_t)1 << 20)

static struct {
	struct segment segment;
	struct km_pool *pool;
	uint32_t slot; /* the supervisor's */
} chunk = { .segment.id = -1 };

/* A write to each page, so that lack of memory shows now and not later. */
static void touch(void *map, size_t size)
{
	volatile unsigned char *byte = map;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < size; i += page)
		byte[i] = byte[i];
}

static enum segment_backend backend(void)
{
	const char *name = param_string(P_SHM_BACKEND);

	return strcmp(name, segment_backend_names[SEGMENT_SYSV]) == 0
		   ? SEGMENT_SYSV
		   : SEGMENT_MEMFD;
}

static size_t size_at_start(void)
{
	return (size_t)param_int(P_SHM_MEM_SIZE) * MB;
}

/* Up to what the pool may grow: its size, where it cannot. */
static size_t max_size(void)
{
	const char *name = param_string(P_SHM_MANAGER);
	uint32_t id;

	if (param_int(P_SHM_MAX_MEM_SIZE) <= param_int(P_SHM_MEM_SIZE))
		return size_at_start();
	if (manager_find(name, &id)->grow == NULL) {
		LM_WARN("shm_max_mem_size is ignored: pools of the manager "
			"%s do not grow (shm_manager = \"slab\")",
		    name);
		return size_at_start();
	}
	return (size_t)param_int(P_SHM_MAX_MEM_SIZE) * MB;
}

/* Of the largest size from the start, sparse; SysV memory is not. */
static int create_segment(struct segment_options *opt)
{
	if (opt->size > size_at_start() && opt->backend == SEGMENT_MEMFD) {
		if (segment_create(&chunk.segment, opt) == 0 &&
		    chunk.segment.backend == SEGMENT_MEMFD)
			return 0;
		segment_close(&chunk.segment);
		opt->backend = SEGMENT_SYSV;
	}
	if (opt->size > size_at_start()) {
		LM_WARN("shm_max_mem_size is ignored: SysV shared memory does "
			"not grow (shm_backend = \"memfd\")");
		opt->size = size_at_start();
	}
	return segment_create(&chunk.segment, opt);
}

static int open_segment(uid_t uid, gid_t gid, void **map)
{
	struct segment_options opt = {
		.name = "kmemd-shm",
		.size = max_size(),
		.backend = backend(),
		.uid = uid,
		.gid = gid,
	};
	void *base = (void *)(uintptr_t)param_int(P_SHM_BASE);
	int rc;

	rc = create_segment(&opt);
	if (rc < 0) {
		LM_ERR("cannot create a chunk of %zu MB: %s (-m, shm_mem_size, "
		       "shm_max_mem_size)",
		    opt.size / MB, reason(rc));
		return rc;
	}
	rc = segment_map(&chunk.segment, base, map);
	if (rc < 0)
		LM_ERR("cannot map the chunk at %p: %s (set shm_base to an "
		       "address that is free in all programs)",
		    base, reason(rc));
	return rc;
}

static int make_pool(void *map)
{
	struct pool_options opt = {
		.kind = KM_SHM,
		.manager = param_string(P_SHM_MANAGER),
		.name = "shm",
		.n_slots = CHUNK_SLOTS,
		.size = size_at_start(),
		.max_size = chunk.segment.size,
	};
	int rc = pool_create(map, &opt, &chunk.pool);

	if (rc == 0)
		rc = slot_claim(chunk.pool, &chunk.slot);
	if (rc < 0) {
		LM_ERR("cannot make a shm pool of %ld MB with manager %s: %s "
		       "(-m, -x; tables take 1/128 of shm_max_mem_size)",
		    param_int(P_SHM_MEM_SIZE), opt.manager, reason(rc));
		return rc;
	}
	slot_set(chunk.pool, chunk.slot, getpid(), 0, "supervisor");
	pool_use(KM_SHM, chunk.pool, chunk.slot);
	return 0;
}

int chunk_open(uid_t uid, gid_t gid)
{
	void *map = NULL;
	int rc;

	rc = open_segment(uid, gid, &map);
	if (rc == 0 && param_int(P_SHM_FORCE_ALLOC))
		touch(map, size_at_start());
	if (rc == 0)
		rc = make_pool(map);
	if (rc < 0) {
		if (map != NULL)
			segment_unmap(&chunk.segment, map);
		segment_close(&chunk.segment);
		chunk.pool = NULL;
	}
	return rc;
}

void chunk_close(void)
{
	if (chunk.pool == NULL)
		return;
	pool_use(KM_SHM, NULL, 0);
	segment_unmap(&chunk.segment, chunk.pool);
	segment_close(&chunk.segment);
	chunk.pool = NULL;
}

void chunk_leave(void)
{
	segment_close(&chunk.segment);
}

struct km_pool *chunk_pool(void)
{
	return chunk.pool;
}

enum segment_backend chunk_backend(void)
{
	return chunk.segment.backend;
}

size_t chunk_size(void)
{
	return chunk.segment.size;
}

uint32_t chunk_slot(void)
{
	return chunk.slot;
}
