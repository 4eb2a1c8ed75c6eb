/* SPDX-License-Identifier: ISC */
/* pkg.c - the functions behind the macros of mem.h. */
#include "config.h"

#include "mem/heap_fast.h"
#include "mem/mem.h"
#include "mem/status.h"

/* Arguments stay in their registers on the way here. */
static __attribute__((noinline)) void *malloc_slow(
    size_t size, struct km_site *site)
{
	return heap_malloc(KM_PKG, size, site);
}

static __attribute__((noinline)) void free_slow(void *p, struct km_site *site)
{
	heap_free(KM_PKG, p, site);
}

void *km_pkg_malloc(size_t size, struct km_site *site)
{
	void *p;

	return heap_fast_malloc(KM_PKG, size, site, &p)
		   ? p
		   : malloc_slow(size, site);
}

void *km_pkg_mallocxz(size_t size, struct km_site *site)
{
	return heap_mallocxz(KM_PKG, size, site);
}

void *km_pkg_memalign(size_t align, size_t size, struct km_site *site)
{
	return heap_memalign(KM_PKG, align, size, site);
}

void *km_pkg_realloc(void *p, size_t size, struct km_site *site)
{
	return heap_realloc(KM_PKG, p, size, site);
}

void *km_pkg_reallocxf(void *p, size_t size, struct km_site *site)
{
	return heap_reallocxf(KM_PKG, p, size, site);
}

void km_pkg_free(void *p, struct km_site *site)
{
	if (!heap_fast_free(KM_PKG, p, site))
		free_slow(p, site);
}

void km_pkg_status(void)
{
	status_log(KM_PKG, STATUS_ALL);
}

void km_pkg_sums(void)
{
	status_log_sums(KM_PKG);
}

void km_pkg_info(struct km_mem_info *info)
{
	heap_info(KM_PKG, info);
}

size_t km_pkg_available(void)
{
	struct km_mem_info info;

	heap_info(KM_PKG, &info);
	return info.free;
}
