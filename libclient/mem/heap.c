/* SPDX-License-Identifier: ISC */
/* heap.c - from a call to the manager of the pool in use, with its log lines.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "mem/heap.h"
#include "mem/manager.h"
#include "mem/site_table.h"

/* What the log says about each kind. */
static const struct {
	const char *name;
	const char *remedy;
} kinds[] = {
	[KM_PKG] = { "pkg", "raise pkg_mem_size (-M)" },
	[KM_SHM] = { "shm", "raise shm_mem_size (-m)" },
};

/* Of each kind: when the last out-of-memory line was written, and how many
 * have been left out since. */
static struct {
	time_t last[KM_POOL_KIND__COUNT];
	unsigned left_out[KM_POOL_KIND__COUNT];
} oom;

const char *heap_kind_name(enum km_pool_kind kind)
{
	return kinds[kind].name;
}

/* ---- log lines, each with no lock held ---------------------------------- */

static void trace(enum km_pool_kind kind, const char *call, const void *p,
    size_t size, const struct km_site *site, const void *result)
{
	if (__builtin_expect(km_tune->memdbg > km_tune->debug, 1))
		return;
	km_log(km_tune->memdbg,
	    "%s_%s(%p, %zu) called from %s: %s: %s(%u): returns %p, pid %d",
	    heap_kind_name(kind), call, p, size, site->mname, site->file,
	    site->func, site->line, result, (int)getpid());
}

static void say_no_pool(enum km_pool_kind kind, const struct km_site *site)
{
	LM_ERR("%s: no pool yet, called from %s: %s: %s(%u): %s memory is "
	       "there once the configuration has been read",
	    heap_kind_name(kind), site->mname, site->file, site->func,
	    site->line, heap_kind_name(kind));
	errno = EINVAL;
}

/* At most one line a second for each kind of pool. */
static void say_no_room(
    struct km_pool *pool, size_t size, const struct km_site *site)
{
	struct km_mem_info info = { 0 };
	struct timespec now;
	unsigned left_out;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (oom.last[pool->kind] == now.tv_sec) {
		oom.left_out[pool->kind]++;
		errno = ENOMEM;
		return;
	}
	oom.last[pool->kind] = now.tv_sec;
	left_out = oom.left_out[pool->kind];
	oom.left_out[pool->kind] = 0;
	account_load(&pool->account, pool->size, &info);
	LM_ERR("%s: out of memory: %zu bytes asked at %s: %s: %s(%u), free "
	       "%zu of %zu, largest free fragment %zu, pid %d: %s; %u such "
	       "lines left out before",
	    pool->name, size, site->mname, site->file, site->func, site->line,
	    info.free, info.total, manager_at(pool->manager)->largest(pool),
	    (int)getpid(), kinds[pool->kind].remedy, left_out);
	errno = ENOMEM;
}

/* ---- calls -------------------------------------------------------------- */

/* A request to the pool in use; NULL and a log line when there is none. */
static struct km_pool *prepare(enum km_pool_kind kind, size_t size,
    struct km_site *site, struct request *req)
{
	struct km_pool *pool = pool_in_use(kind);

	if (pool == NULL) {
		say_no_pool(kind, site);
		return NULL;
	}
	*req = (struct request){
		.size = size,
		.site = site_intern(pool, site),
		.slot = pool_slot_in_use(kind),
	};
	return pool;
}

void *heap_malloc(enum km_pool_kind kind, size_t size, struct km_site *site)
{
	struct request req;
	struct km_pool *pool = prepare(kind, size, site, &req);
	void *p;

	if (pool == NULL)
		return NULL;
	p = manager_at(pool->manager)->alloc(pool, &req);
	if (p == NULL)
		say_no_room(pool, size, site);
	trace(kind, "malloc", NULL, size, site, p);
	return p;
}

void *heap_mallocxz(enum km_pool_kind kind, size_t size, struct km_site *site)
{
	void *p = heap_malloc(kind, size, site);

	return p != NULL ? memset(p, 0, size) : NULL;
}

void heap_free(enum km_pool_kind kind, void *p, struct km_site *site)
{
	struct misuse misuse;
	struct request req;
	struct km_pool *pool;

	if (p == NULL)
		return;
	pool = prepare(kind, 0, site, &req);
	if (pool == NULL)
		return;
	trace(kind, "free", p, 0, site, NULL);
	if (manager_at(pool->manager)->free(pool, p, &req, &misuse) ==
	    -KM_EINVAL)
		misuse_report(pool, &misuse,
		    kind == KM_PKG ? "pkg_free" : "shm_free", req.site);
}

void *heap_realloc(
    enum km_pool_kind kind, void *p, size_t size, struct km_site *site)
{
	struct misuse misuse;
	struct request req;
	struct km_pool *pool;
	void *out = NULL;
	int rc;

	if (p == NULL)
		return heap_malloc(kind, size, site);
	if (size == 0) {
		heap_free(kind, p, site);
		return NULL;
	}
	pool = prepare(kind, size, site, &req);
	if (pool == NULL)
		return NULL;
	rc = manager_at(pool->manager)->resize(pool, p, &req, &out, &misuse);
	if (rc == -KM_EINVAL) {
		misuse_report(pool, &misuse,
		    kind == KM_PKG ? "pkg_realloc" : "shm_realloc", req.site);
		errno = EINVAL;
	} else if (rc != 0) {
		say_no_room(pool, size, site);
	}
	trace(kind, "realloc", p, size, site, out);
	return out;
}

void *heap_reallocxf(
    enum km_pool_kind kind, void *p, size_t size, struct km_site *site)
{
	void *out = heap_realloc(kind, p, size, site);

	/* size 0 has freed it already. */
	if (out == NULL && p != NULL && size != 0)
		heap_free(kind, p, site);
	return out;
}

void heap_info(enum km_pool_kind kind, struct km_mem_info *info)
{
	const struct km_pool *pool = pool_in_use(kind);

	*info = (struct km_mem_info){ 0 };
	if (pool != NULL)
		account_load(&pool->account, pool->size, info);
}
