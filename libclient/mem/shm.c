/* SPDX-License-Identifier: ISC */
/* shm.c - the functions behind the macros of shm_mem.h. */
#include "config.h"

#include <errno.h>

#include "base/err.h"
#include "base/errno_of.h"
#include "mem/heap_fast.h"
#include "mem/intent.h"
#include "mem/shm_mem.h"
#include "mem/status.h"

/* Arguments stay in their registers on the way here. */
static __attribute__((noinline)) void *malloc_slow(
    size_t size, struct km_site *site)
{
	return heap_malloc(KM_SHM, size, site);
}

static __attribute__((noinline)) void free_slow(void *p, struct km_site *site)
{
	heap_free(KM_SHM, p, site);
}

void *km_shm_malloc(size_t size, struct km_site *site)
{
	void *p;

	return heap_fast_malloc(KM_SHM, size, site, &p)
		   ? p
		   : malloc_slow(size, site);
}

void *km_shm_mallocxz(size_t size, struct km_site *site)
{
	return heap_mallocxz(KM_SHM, size, site);
}

void *km_shm_memalign(size_t align, size_t size, struct km_site *site)
{
	return heap_memalign(KM_SHM, align, size, site);
}

void *km_shm_malloc_owned(size_t size, struct km_site *site)
{
	return heap_malloc_owned(KM_SHM, size, site);
}

void *km_shm_malloc_to(void **where, size_t size, struct km_site *site)
{
	void *p;
	int rc = intent_malloc_to(where, size, site, NULL, NULL, &p);

	/* Why there is no pool has been said. */
	if (rc != 0 && rc != -KM_EREADY)
		errno = errno_of(rc);
	heap_trace(KM_SHM, "malloc_to", size, site, p);
	return p;
}

int km_shm_free_from(void **where, struct km_site *site)
{
	return intent_free_from(where, site);
}

void *km_shm_get(void *const *where)
{
	return intent_get(where);
}

void *km_shm_realloc(void *p, size_t size, struct km_site *site)
{
	return heap_realloc(KM_SHM, p, size, site);
}

void *km_shm_reallocxf(void *p, size_t size, struct km_site *site)
{
	return heap_reallocxf(KM_SHM, p, size, site);
}

void km_shm_free(void *p, struct km_site *site)
{
	if (!heap_fast_free(KM_SHM, p, site))
		free_slow(p, site);
}

void km_shm_status(void)
{
	status_log(KM_SHM, STATUS_ALL);
}

void km_shm_sums(void)
{
	status_log_sums(KM_SHM);
}

void km_shm_info(struct km_mem_info *info)
{
	heap_info(KM_SHM, info);
}

size_t km_shm_available(void)
{
	struct km_mem_info info;

	heap_info(KM_SHM, &info);
	return info.free;
}
