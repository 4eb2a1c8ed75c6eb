/* SPDX-License-Identifier: ISC */
/* heap.c - from a call to the manager of the pool in use, with its log lines.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "mem/heap_fast.h"
#include "mem/manager.h"
#include "mem/oom.h"
#include "mem/private.h"
#include "mem/site_table.h"

#define TRACE_ARGS_SIZE 64 /* bytes of "0x7e8000000000, 123" */

static const char *const kind_names[] = { "pkg", "shm" };
_Static_assert(
    sizeof(kind_names) / sizeof(kind_names[0]) == KM_POOL_KIND__COUNT,
    "a name for each kind");

const char *heap_kind_name(enum km_pool_kind kind)
{
	return kind_names[kind];
}

/* ---- log lines, each with no lock held ---------------------------------- */

/* A call that gave a block, or should have. */
static void trace_result(enum km_pool_kind kind, const char *call,
    const char *args, const struct km_site *site, const void *result)
{
	km_log(km_tune->memdbg,
	    "%s_%s(%s) called from %s: %s: %s(%u): returns %p, pid %d",
	    heap_kind_name(kind), call, args, site->mname, site->file,
	    site->func, site->line, result, (int)getpid());
}

__attribute__((noinline)) void heap_trace(enum km_pool_kind kind,
    const char *call, size_t size, const struct km_site *site,
    const void *result)
{
	char args[TRACE_ARGS_SIZE];

	if (!tune_is_traced(km_tune))
		return;
	snprintf(args, sizeof(args), "%zu", size);
	trace_result(kind, call, args, site, result);
}

static __attribute__((noinline)) void trace_memalign(enum km_pool_kind kind,
    size_t align, size_t size, const struct km_site *site, const void *result)
{
	char args[TRACE_ARGS_SIZE];

	snprintf(args, sizeof(args), "%zu, %zu", align, size);
	trace_result(kind, "memalign", args, site, result);
}

static __attribute__((noinline)) void trace_realloc(enum km_pool_kind kind,
    const char *call, const void *p, size_t size, const struct km_site *site,
    const void *result)
{
	char args[TRACE_ARGS_SIZE];

	snprintf(args, sizeof(args), "%p, %zu", p, size);
	trace_result(kind, call, args, site, result);
}

/* Before it is freed: what it is can still be seen. */
static __attribute__((noinline)) void trace_free(
    enum km_pool_kind kind, const void *p, const struct km_site *site)
{
	struct km_pool *pool = pool_in_use(kind);
	struct misuse block = { 0 };
	char at[SITE_LINE_SIZE];

	if (pool != NULL && p != NULL)
		manager_at(pool->manager)->look(pool, p, &block);
	km_log(km_tune->memdbg,
	    "%s_free(%p) called from %s: %s: %s(%u): size %" PRIu64
	    ", allocated at %s, pid %d",
	    heap_kind_name(kind), p, site->mname, site->file, site->func,
	    site->line, block.size,
	    site_row_line(pool, block.site, at, sizeof(at)), (int)getpid());
}

/* In a program that may attach, and in kmemd, where a pool comes by itself. */
static void say_no_pool(enum km_pool_kind kind, const struct km_site *site)
{
	if (private_is_allowed()) {
		LM_ERR("%s: no pool, called from %s: %s: %s(%u): this process "
		       "is not attached to kmemd",
		    heap_kind_name(kind), site->mname, site->file, site->func,
		    site->line);
		errno = ENOTCONN;
		return;
	}
	LM_ERR("%s: no pool yet, called from %s: %s: %s(%u): %s memory is "
	       "there once the configuration has been read",
	    heap_kind_name(kind), site->mname, site->file, site->func,
	    site->line, heap_kind_name(kind));
	errno = EINVAL;
}

/* There is one, but not for us. */
static void say_not_ours(
    enum km_pool_kind kind, const struct km_site *site, int rc)
{
	LM_ERR("%s: %s, called from %s: %s: %s(%u)", heap_kind_name(kind),
	    rc == -KM_EPERM ? "an observer may only read"
			    : "the child of a fork cannot join",
	    site->mname, site->file, site->func, site->line);
	errno = rc == -KM_EPERM ? EROFS : EAGAIN;
}

static void say_bad_align(
    enum km_pool_kind kind, size_t align, const struct km_site *site)
{
	LM_ERR("%s_memalign: alignment %zu is no power of two, called from "
	       "%s: %s: %s(%u)",
	    heap_kind_name(kind), align, site->mname, site->file, site->func,
	    site->line);
	errno = EINVAL;
}

/* ---- calls -------------------------------------------------------------- */

struct km_pool *heap_request(enum km_pool_kind kind, size_t size,
    struct km_site *site, struct request *req)
{
	struct km_pool *pool = NULL;
	int rc = pool_begin(kind, &pool);

	if (rc == -KM_EREADY && kind == KM_PKG) {
		pool = private_pool();
		rc = pool != NULL ? 0 : rc;
	}
	if (rc != 0) {
		if (rc == -KM_EREADY)
			say_no_pool(kind, site);
		else
			say_not_ours(kind, site, rc);
		return NULL;
	}
	*req = (struct request){
		.size = size,
		.site = site_intern(pool, site),
		.slot = pool_slot_in_use(kind),
	};
	return pool;
}

static void *get_as(enum km_pool_kind kind, size_t align,
    enum block_state state, size_t size, struct km_site *site)
{
	struct request req;
	struct km_pool *pool = heap_request(kind, size, site, &req);
	void *p;

	if (pool == NULL)
		return NULL;
	req.align = align;
	req.state = state;
	p = manager_at(pool->manager)->alloc(pool, &req);
	if (p == NULL)
		oom_report(pool, size, site);
	return p;
}

static void *get(enum km_pool_kind kind, size_t size, struct km_site *site)
{
	return get_as(kind, 0, BLOCK_NORMAL, size, site);
}

static void put(
    enum km_pool_kind kind, const char *call, void *p, struct km_site *site)
{
	struct misuse misuse;
	struct request req;
	struct km_pool *pool;

	if (p == NULL)
		return;
	pool = heap_request(kind, 0, site, &req);
	if (pool == NULL)
		return;
	if (manager_at(pool->manager)->free(pool, p, &req, &misuse) ==
	    -KM_EINVAL)
		misuse_report(pool, &misuse, call, req.site);
}

/*
 * Returns 0 and *out; -KM_ENOMEM: p is as it was; -KM_EINVAL: it is left
 * alone. *out is NULL then.
 */
static int resize(enum km_pool_kind kind, const char *call, void *p,
    const struct request *req, const struct km_site *site, void **out)
{
	struct km_pool *pool = pool_in_use(kind);
	struct misuse misuse;
	int rc;

	rc = manager_at(pool->manager)->resize(pool, p, req, out, &misuse);
	if (rc == 0)
		return 0;
	*out = NULL;
	if (rc == -KM_EINVAL) {
		misuse_report(pool, &misuse, call, req->site);
		errno = EINVAL;
	} else {
		oom_report(pool, req->size, site);
		rc = -KM_ENOMEM;
	}
	return rc;
}

/* With the cases that are no resize at all. Returns as resize(). */
static int get_again(enum km_pool_kind kind, const char *call, void *p,
    size_t size, struct km_site *site, void **out)
{
	struct request req;

	*out = NULL;
	if (p == NULL) {
		*out = get(kind, size, site);
		return *out != NULL ? 0 : -KM_EINVAL;
	}
	if (size == 0) {
		put(kind, call, p, site);
		return 0;
	}
	if (heap_request(kind, size, site, &req) == NULL)
		return -KM_EINVAL;
	return resize(kind, call, p, &req, site, out);
}

void *heap_malloc(enum km_pool_kind kind, size_t size, struct km_site *site)
{
	void *p = get(kind, size, site);

	heap_trace(kind, "malloc", size, site, p);
	return p;
}

void *heap_mallocxz(enum km_pool_kind kind, size_t size, struct km_site *site)
{
	void *p = get(kind, size, site);

	heap_trace(kind, "mallocxz", size, site, p);
	return p != NULL ? memset(p, 0, size) : NULL;
}

void *heap_memalign(
    enum km_pool_kind kind, size_t align, size_t size, struct km_site *site)
{
	void *p = NULL;

	if (align == 0 || (align & (align - 1)) != 0)
		say_bad_align(kind, align, site);
	else
		p = get_as(
		    kind, align, BLOCK_NORMAL, size > 0 ? size : 1, site);
	if (tune_is_traced(km_tune))
		trace_memalign(kind, align, size, site, p);
	return p;
}

void *heap_malloc_owned(
    enum km_pool_kind kind, size_t size, struct km_site *site)
{
	void *p = get_as(kind, 0, BLOCK_OWNED, size, site);

	heap_trace(kind, "malloc_owned", size, site, p);
	return p;
}

/* Here, and not beside the fast path, which it would cost 7 instructions. */
static bool free_other(
    enum km_pool_kind kind, void *p, const struct km_site *site)
{
	struct slab_part *part = slab_mine[kind];
	uint64_t row = heap_row(part, kind, site);

	return row <= SLAB_SITE_MASK && slab_free_other(part, p, (uint32_t)row);
}

void heap_free(enum km_pool_kind kind, void *p, struct km_site *site)
{
	if (tune_is_traced(km_tune))
		trace_free(kind, p, site);
	else if (free_other(kind, p, site))
		return;
	put(kind, "free", p, site);
}

void *heap_realloc(
    enum km_pool_kind kind, void *p, size_t size, struct km_site *site)
{
	void *out;

	get_again(kind, "realloc", p, size, site, &out);
	if (tune_is_traced(km_tune))
		trace_realloc(kind, "realloc", p, size, site, out);
	return out;
}

void *heap_reallocxf(
    enum km_pool_kind kind, void *p, size_t size, struct km_site *site)
{
	void *out;

	if (get_again(kind, "reallocxf", p, size, site, &out) == -KM_ENOMEM)
		put(kind, "reallocxf", p, site);
	if (tune_is_traced(km_tune))
		trace_realloc(kind, "reallocxf", p, size, site, out);
	return out;
}

void heap_info(enum km_pool_kind kind, struct km_mem_info *info)
{
	struct km_pool *pool = pool_in_use(kind);

	*info = (struct km_mem_info){ 0 };
	if (pool != NULL)
		view_own_info(pool, info);
}
