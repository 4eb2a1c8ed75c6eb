/* SPDX-License-Identifier: ISC */
/* chunk.c - the shared memory segment of the service, with its shm pool. */
#include "config.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/chunk.h"
#include "daemon/found.h"
#include "daemon/handed.h"
#include "daemon/observers.h"
#include "daemon/param.h"
#include "daemon/reason.h"
#include "daemon/takeover.h"
#include "mem/clock.h"
#include "mem/manager.h"
#include "mem/pool.h"
#include "mem/segment.h"
#include "mem/slab.h"
#include "mem/slot.h"

#define CHUNK_SLOTS 4096 /* participants, the dead with orphans included */
#define MB	    ((size_t)1 << 20)

static struct {
	struct segment segment;
	struct km_pool *pool;
	uint32_t slot; /* the supervisor's */
	bool taken;    /* over from another kmemd */
	bool keep;     /* the descriptor, over exec */
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
		.name = CHUNK_NAME,
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

/* The supervisor is a participant. */
static int take_part(void)
{
	int rc = slot_claim(chunk.pool, &chunk.slot);

	if (rc < 0)
		return rc;
	slot_set(chunk.pool, chunk.slot, getpid(), 0, "supervisor");
	pool_use(KM_SHM, chunk.pool, chunk.slot);
	return 0;
}

/* For a pool that may grow up to max bytes. */
static size_t enough_mb(size_t max)
{
	return (pool_min_size(CHUNK_SLOTS) + max / SLAB_TABLES_PART + MB - 1) /
	       MB;
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
		.service = found_service(param_string(P_ATTACH_SOCKET)),
		.guard = param_int(P_MEM_GUARD) != 0,
	};
	int rc = pool_create(map, &opt, &chunk.pool);

	if (rc == 0)
		rc = take_part();
	if (rc == -KM_ERANGE)
		LM_ERR("a shm pool of %ld MB with manager %s is too small: %zu "
		       "MB are enough to start with (-m, shm_mem_size; of "
		       "shm_max_mem_size tables take 1/%u)",
		    param_int(P_SHM_MEM_SIZE), opt.manager,
		    enough_mb(opt.max_size), SLAB_TABLES_PART);
	else if (rc < 0)
		LM_ERR("cannot make a shm pool of %ld MB with manager %s: %s "
		       "(-m, -x)",
		    param_int(P_SHM_MEM_SIZE), opt.manager, reason(rc));
	return rc;
}

/* ---- another's ---------------------------------------------------------- */

/* Returns 0 and *head, or < 0 (logged): it is left as it is. */
static int check_found(int fd, const char *where, struct km_pool *head)
{
	if (pread(fd, head, sizeof(*head), 0) != (ssize_t)sizeof(*head))
		return -KM_ESYS;
	if (head->abi == POOL_ABI && head->layout_hash == pool_layout_hash())
		return 0;
	LM_ERR("the chunk of the kmemd before (kept by %s) has ABI %u, layout "
	       "%08x, this kmemd ABI %u, layout %08x: start the kmemd that "
	       "fits, end the programs that have attached, or set "
	       "shm_takeover = no for a chunk of our own",
	    where, (unsigned)head->abi, (unsigned)head->layout_hash, POOL_ABI,
	    (unsigned)pool_layout_hash());
	return -KM_EABI;
}

static int map_found(int fd, const struct km_pool *head)
{
	void *base = (void *)(uintptr_t)head->base, *map = NULL;
	struct stat st;
	int rc;

	if (fstat(fd, &st) != 0)
		return -KM_ESYS;
	chunk.segment = (struct segment){
		.backend = SEGMENT_MEMFD, .id = fd, .size = (size_t)st.st_size
	};
	rc = segment_map(&chunk.segment, base, &map);
	if (rc < 0)
		LM_ERR("cannot map the chunk of the kmemd before at %p: %s",
		    base, reason(rc));
	chunk.pool = map;
	return rc;
}

static void say_taken(const char *where)
{
	const struct km_pool *pool = chunk.pool;

	LM_NOTICE("shm: the chunk of the kmemd before goes on, kept by %s: "
		  "%" PRIu64 " MB under %s, whatever the configuration says",
	    where, pool->size / MB, manager_at(pool->manager)->name);
}

/* Returns 1: there is none. */
static int take_over(void)
{
	char where[FOUND_WHERE_SIZE];
	struct km_pool head;
	pid_t holder;
	int fd, rc;

	if (!param_int(P_SHM_TAKEOVER) ||
	    found_open(
		found_service(param_string(P_ATTACH_SOCKET)), &fd, where) == 0)
		return 1;
	rc = check_found(fd, where, &head);
	if (rc == 0)
		rc = map_found(fd, &head);
	if (rc < 0) {
		close(fd);
		chunk.segment.id = -1;
		return rc;
	}
	rc = found_lock(fd, &holder);
	if (rc == 0)
		rc = take_part();
	if (rc < 0) {
		LM_ERR("cannot take the chunk over: %s", reason(rc));
		return rc;
	}
	chunk.taken = true;
	say_taken(where);
	takeover_settle(chunk.pool, chunk.slot);
	clock_tick(&chunk.pool->clock);
	chunk_trace();
	return 0;
}

void chunk_adopt(void)
{
	if (!chunk.taken)
		return;
	takeover_adopt(chunk.pool);
	observers_adopt(chunk.segment.id);
}

/* ---- either ------------------------------------------------------------- */

static int make(uid_t uid, gid_t gid)
{
	void *map = NULL;
	pid_t holder;
	int rc;

	rc = open_segment(uid, gid, &map);
	if (rc == 0 && param_int(P_SHM_FORCE_ALLOC))
		touch(map, size_at_start());
	if (rc == 0)
		rc = make_pool(map);
	if (rc < 0 && map != NULL)
		segment_unmap(&chunk.segment, map);
	if (rc < 0)
		chunk.pool = NULL;
	if (rc == 0 && chunk.segment.backend == SEGMENT_MEMFD)
		found_lock(chunk.segment.id, &holder);
	return rc;
}

/* That it was SysV shared memory may be known only now. */
static void say_new(void)
{
	if (chunk.segment.backend == SEGMENT_SYSV)
		LM_NOTICE("shm: a new chunk, of SysV shared memory, which is "
			  "never taken over: programs that attached to a kmemd "
			  "before keep theirs, and have to attach again "
			  "(shm_backend = \"memfd\" can be taken over)");
	else
		LM_INFO("shm: a new chunk: nobody holds one of an earlier "
			"kmemd");
}

int chunk_open(uid_t uid, gid_t gid)
{
	int rc = take_over();

	if (rc == 1) {
		rc = make(uid, gid);
		if (rc == 0)
			say_new();
	}
	if (rc == 0 && chunk.segment.backend == SEGMENT_MEMFD)
		handed_store(chunk.segment.id);
	if (rc < 0)
		chunk_close();
	return rc;
}

void chunk_keep(void)
{
	chunk.keep = chunk.segment.backend == SEGMENT_MEMFD &&
		     handed_leave(chunk.segment.id) == 0;
}

void chunk_close(void)
{
	if (chunk.pool != NULL) {
		pool_use(KM_SHM, NULL, 0);
		segment_unmap(&chunk.segment, chunk.pool);
	}
	chunk.pool = NULL;
	if (!chunk.keep)
		segment_close(&chunk.segment);
}

void chunk_leave(void)
{
	segment_close(&chunk.segment);
}

/* Who wants all of it in memory does not want it back. */
static bool may_trim(void)
{
	return param_int(P_SHM_TRIM_S) > 0 && !param_int(P_SHM_FORCE_ALLOC) &&
	       !param_int(P_MLOCK_PAGES) &&
	       manager_at(chunk.pool->manager)->trim_old != NULL;
}

void chunk_trace(void)
{
	if (chunk.pool != NULL)
		clock_trace(&chunk.pool->clock, param_is_traced());
}

void chunk_tick(void)
{
	if (chunk.pool == NULL)
		return;
	clock_tick(&chunk.pool->clock);
	chunk_trace();
	if (may_trim())
		manager_at(chunk.pool->manager)
		    ->trim_old(chunk.pool, (unsigned)param_int(P_SHM_TRIM_S));
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

int chunk_fd(void)
{
	return chunk.segment.id;
}

uint32_t chunk_slot(void)
{
	return chunk.slot;
}
