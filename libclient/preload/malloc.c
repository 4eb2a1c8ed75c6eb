/* SPDX-License-Identifier: ISC */
/* malloc.c - malloc() and its family, from the pkg pool. */
#include "config.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/manager.h"
#include "mem/private.h"
#include "mem/slab_fast.h"
#include "preload/boot.h"
#include "preload/caller.h"
#include "preload/preload.h"
#include "preload/start.h"

#define GIVE_BACK_MIN ((size_t)32 << 20)  /* bytes of a block that is freed */
#define FRESH_MIN     ((size_t)512 << 10) /* bytes: zero pages are quicker */

/* In a call that is not the usual case: what it calls gets of boot.h. */
static __thread bool is_inside KM_TLS_INITIAL;

/* ---- what is not the usual case ----------------------------------------- */

static void *refuse(void)
{
	errno = ENOMEM;
	return NULL;
}

static void *get_of(
    struct km_pool *pool, size_t align, size_t size, uintptr_t from)
{
	struct request req = {
		.size = size,
		.align = align,
		.site = (uint32_t)caller_intern(pool, from),
		.slot = pool_slot_in_use(KM_PKG),
	};

	return manager_at(pool->manager)->alloc(pool, &req);
}

static __attribute__((noinline)) void *get_slow(
    size_t align, size_t size, uintptr_t from)
{
	struct km_pool *pool;
	int saved = errno;
	void *p;

	if (is_inside) {
		p = boot_alloc(size, align);
		return p != NULL ? p : refuse();
	}
	is_inside = true;
	pool = private_pool();
	p = pool != NULL ? get_of(pool, align, size, from)
			 : boot_alloc(size, align);
	start_note();
	is_inside = false;
	errno = saved;
	return p != NULL ? p : refuse();
}

/* What is as large as libc would unmap goes back to the system at once. */
static void give_back(struct km_pool *pool, void *p)
{
	struct misuse block;

	if (private_is(pool) && (uintptr_t)p % SLAB_PAGE == 0 &&
	    manager_at(pool->manager)->look(pool, p, &block) == 0 &&
	    block.size >= GIVE_BACK_MIN)
		madvise(p, block.size & ~(SLAB_PAGE - 1), MADV_DONTNEED);
}

static void put_to(struct km_pool *pool, void *p, uintptr_t from)
{
	struct misuse misuse;
	struct request req = {
		.site = (uint32_t)caller_intern(pool, from),
		.slot = pool_slot_in_use(KM_PKG),
	};

	if (manager_at(pool->manager)->free(pool, p, &req, &misuse) ==
	    -KM_EINVAL)
		misuse_report(pool, &misuse, "free", req.site);
}

static __attribute__((noinline)) void put_slow(void *p, uintptr_t from)
{
	struct km_pool *pool = pool_in_use(KM_PKG);
	int saved = errno;
	bool was_inside = is_inside;

	if (p == NULL)
		return;
	if (boot_has(p)) {
		boot_free(p);
		return;
	}
	is_inside = true;
	if (pool != NULL) {
		give_back(pool, p);
		put_to(pool, p, from);
	}
	is_inside = was_inside;
	errno = saved;
}

/* Of a block, which stays at least so large; 0: it is none. */
static size_t size_of(const void *p)
{
	struct km_pool *pool = pool_in_use(KM_PKG);
	struct misuse block;
	size_t size;

	if (SLAB_LIKELY(slab_size(slab_mine[KM_PKG], p, &size)))
		return size;
	if (boot_has(p))
		return boot_size(p);
	if (pool == NULL ||
	    manager_at(pool->manager)->look(pool, p, &block) != 0)
		return 0;
	return block.size;
}

static void *move(void *p, size_t size, uintptr_t from)
{
	size_t old = size_of(p);
	void *to = preload_malloc(size, from);

	if (to != NULL) {
		memcpy(to, p, old < size ? old : size);
		put_slow(p, from);
	}
	return to;
}

static void *resize(void *p, size_t size, uintptr_t from)
{
	struct km_pool *pool = pool_in_use(KM_PKG);
	struct misuse misuse;
	struct request req = { .size = size };
	void *out = NULL;
	int saved = errno, rc;

	if (pool == NULL || boot_has(p) || is_inside)
		return move(p, size, from);
	is_inside = true;
	req.site = (uint32_t)caller_intern(pool, from);
	req.slot = pool_slot_in_use(KM_PKG);
	rc = manager_at(pool->manager)->resize(pool, p, &req, &out, &misuse);
	if (rc == -KM_EINVAL)
		misuse_report(pool, &misuse, "realloc", req.site);
	is_inside = false;
	errno = saved;
	return rc == 0 ? out : refuse();
}

/* ---- the usual case ----------------------------------------------------- */

static inline void *get(size_t size, uintptr_t from)
{
	struct slab_part *part = slab_mine[KM_PKG];
	uint64_t row = caller_row(from) - part->generation;
	void *p;

	if (SLAB_LIKELY(row <= SLAB_SITE_MASK) &&
	    SLAB_LIKELY(slab_alloc(part, size, row | clock_load(), &p)))
		return p;
	return get_slow(0, size, from);
}

static inline void put(void *p, uintptr_t from)
{
	struct slab_part *part = slab_mine[KM_PKG];
	uint64_t row = caller_row(from) - part->generation;

	if (SLAB_LIKELY(row <= SLAB_SITE_MASK) &&
	    SLAB_LIKELY(slab_free(part, p, row)))
		return;
	put_slow(p, from);
}

void *preload_malloc(size_t size, uintptr_t from)
{
	return get(size, from);
}

void *preload_memalign(size_t align, size_t size, uintptr_t from)
{
	return align <= SLAB_GRAIN ? get(size, from)
				   : get_slow(align, size > 0 ? size : 1, from);
}

void preload_free(void *p, uintptr_t from)
{
	put(p, from);
}

/* The pages of a large block are private, so the system has zero ones. */
static void *zero(void *p, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (p == NULL)
		return NULL;
	if (size >= FRESH_MIN && (uintptr_t)p % page == 0 &&
	    private_is(pool_in_use(KM_PKG)) &&
	    madvise(p, size - size % page, MADV_DONTNEED) == 0) {
		memset((char *)p + (size - size % page), 0, size % page);
		return p;
	}
	return memset(p, 0, size);
}

static bool is_power_of_two(size_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static void *get_aligned(size_t align, size_t size, uintptr_t from)
{
	if (is_power_of_two(align))
		return preload_memalign(align, size, from);
	errno = EINVAL;
	return NULL;
}

static void *get_again(void *p, size_t size, uintptr_t from)
{
	if (p == NULL)
		return get(size, from);
	if (size > 0)
		return resize(p, size, from);
	put(p, from);
	return NULL;
}

/* ---- what programs call ------------------------------------------------- */

PRELOAD_API void *malloc(size_t size)
{
	return get(size, PRELOAD_FROM);
}

PRELOAD_API void free(void *p)
{
	put(p, PRELOAD_FROM);
}

PRELOAD_API void *calloc(size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return refuse();
	return zero(get(bytes, PRELOAD_FROM), bytes);
}

PRELOAD_API void *realloc(void *p, size_t size)
{
	return get_again(p, size, PRELOAD_FROM);
}

PRELOAD_API void *reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return refuse();
	return get_again(p, bytes, PRELOAD_FROM);
}

PRELOAD_API int posix_memalign(void **out, size_t align, size_t size)
{
	int saved = errno;
	void *p;

	if (!is_power_of_two(align) || align % sizeof(void *) != 0)
		return EINVAL;
	p = preload_memalign(align, size, PRELOAD_FROM);
	errno = saved;
	if (p == NULL)
		return ENOMEM;
	*out = p;
	return 0;
}

PRELOAD_API void *aligned_alloc(size_t align, size_t size)
{
	return get_aligned(align, size, PRELOAD_FROM);
}

PRELOAD_API void *memalign(size_t align, size_t size)
{
	return get_aligned(align, size, PRELOAD_FROM);
}

PRELOAD_API void *valloc(size_t size)
{
	return preload_memalign(SLAB_PAGE, size, PRELOAD_FROM);
}

PRELOAD_API void *pvalloc(size_t size)
{
	if (size > SIZE_MAX - SLAB_PAGE)
		return refuse();
	return preload_memalign(
	    SLAB_PAGE, (size + SLAB_PAGE - 1) & ~(SLAB_PAGE - 1), PRELOAD_FROM);
}

/* What was asked for: realloc() keeps no more than that. */
PRELOAD_API size_t malloc_usable_size(void *p)
{
	return p != NULL ? size_of(p) : 0;
}

PRELOAD_API int malloc_trim(size_t pad)
{
	struct km_pool *pool = pool_in_use(KM_PKG);
	const struct manager *manager;

	if (pool == NULL)
		return 0;
	manager = manager_at(pool->manager);
	return manager->trim != NULL && manager->trim(pool) > 0;
}
