/* SPDX-License-Identifier: ISC */
/* shm.c - the functions behind the macros of shm_mem.h. */
#include "config.h"

#include "mem/heap_fast.h"
#include "mem/shm_mem.h"
#include "mem/status.h"

void *km_shm_malloc(size_t size, struct km_site *site)
{
	return heap_fast_malloc(KM_SHM, size, site);
}

void *km_shm_mallocxz(size_t size, struct km_site *site)
{
	return heap_mallocxz(KM_SHM, size, site);
}

void *km_shm_memalign(size_t align, size_t size, struct km_site *site)
{
	return heap_memalign(KM_SHM, align, size, site);
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
	heap_fast_free(KM_SHM, p, site);
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
