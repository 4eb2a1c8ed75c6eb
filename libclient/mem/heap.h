/* SPDX-License-Identifier: ISC */
/* heap.h - what pkg_* and shm_* have in common. */
#ifndef KMEM_MEM_HEAP_H
#define KMEM_MEM_HEAP_H
/*
 * mem.h and shm_mem.h say what each does; here `kind` chooses the pool that
 * this process uses.  Concurrency: as theirs.
 */
#include <stddef.h>

#include "mem/info.h"
#include "mem/site.h"

void *heap_malloc(enum km_pool_kind kind, size_t size, struct km_site *site);
void *heap_mallocxz(enum km_pool_kind kind, size_t size, struct km_site *site);
void *heap_memalign(
    enum km_pool_kind kind, size_t align, size_t size, struct km_site *site);
void *heap_realloc(
    enum km_pool_kind kind, void *p, size_t size, struct km_site *site);
void *heap_reallocxf(
    enum km_pool_kind kind, void *p, size_t size, struct km_site *site);
void *heap_malloc_owned(
    enum km_pool_kind kind, size_t size, struct km_site *site);
void heap_free(enum km_pool_kind kind, void *p, struct km_site *site);
void heap_info(enum km_pool_kind kind, struct km_mem_info *info);

/*
 * A request to the pool in use, and that pool; NULL and a log line when there
 * is none.
 */
struct request;
struct km_pool *heap_request(enum km_pool_kind kind, size_t size,
    struct km_site *site, struct request *req);

/* With memdbg <= debug: the line about a call that gave p, or nothing. */
void heap_trace(enum km_pool_kind kind, const char *call, size_t size,
    const struct km_site *site, const void *p);

/* "pkg" or "shm". */
const char *heap_kind_name(enum km_pool_kind kind);

#endif
