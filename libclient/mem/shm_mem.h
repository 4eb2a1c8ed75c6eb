/* SPDX-License-Identifier: ISC */
/* shm_mem.h - [public] shm: memory shared by all processes. */
#ifndef KMEM_MEM_SHM_MEM_H
#define KMEM_MEM_SHM_MEM_H
/*
 * The twins of mem.h: same arguments, results, errors and corner cases.
 *
 * Every process maps the chunk at the same address, so a pointer stored in shm
 * means the same everywhere.  Any process may free what another allocated.
 * Shared memory is there after km_attach(), see kmem.h; in kmemd once the
 * configuration has been read.  Before that (configuration, module parameters)
 * shm_malloc() returns NULL and says so in the log; errno is ENOTCONN in a
 * program that has not attached, or could not.
 *
 * Ownership: whoever holds the last pointer.  Data shared by processes is the
 * user's to protect, with the locks of lock.h.
 * Threads and processes: any may call at any time.
 * Source of names and meanings: Kamailio, src/core/mem/shm_mem.h.
 */
#include <stddef.h>

#include "base/export.h"
#include "mem/info.h"
#include "mem/site.h"

#define shm_malloc(size)	  km_shm_malloc((size), KM_SITE())
#define shm_mallocxz(size)	  km_shm_mallocxz((size), KM_SITE())
#define shm_memalign(align, size) km_shm_memalign((align), (size), KM_SITE())
#define shm_malloc_owned(size)	  km_shm_malloc_owned((size), KM_SITE())
#define shm_malloc_to(where, size)                                             \
	km_shm_malloc_to((void **)(where), (size), KM_SITE())
#define shm_free_from(where)   km_shm_free_from((void **)(where), KM_SITE())
#define shm_get(where)	       km_shm_get((void *const *)(where))
#define shm_realloc(p, size)   km_shm_realloc((p), (size), KM_SITE())
#define shm_reallocxf(p, size) km_shm_reallocxf((p), (size), KM_SITE())
#define shm_free(p)	       km_shm_free((p), KM_SITE())
#define shm_status()	       km_shm_status()
#define shm_sums()	       km_shm_sums()
#define shm_info(info)	       km_shm_info(info)
#define shm_available()	       km_shm_available()

/* A block of at least size bytes, or NULL. */
KM_API void *km_shm_malloc(size_t size, struct km_site *site);

/* The same, filled with zeros. */
KM_API void *km_shm_mallocxz(size_t size, struct km_site *site);

/*
 * A block of at least size bytes at a multiple of align, a power of two.
 * Resized it may be at any multiple of 16.
 */
KM_API void *km_shm_memalign(size_t align, size_t size, struct km_site *site);

/*
 * The same as km_shm_malloc(), but the block is freed when the process (under
 * slab, the thread's process) that allocates it dies, a moment after; what is
 * resized stays so. It is for memory that nobody else looks at later.
 */
KM_API void *km_shm_malloc_owned(size_t size, struct km_site *site);

/*
 * Allocate a block, filled with zeros, and store its address into *where, which
 * must be NULL and in shm. Whenever the caller is killed, either *where has the
 * block or there is no block. Returns it; or NULL and errno: EEXIST, *where is
 * not NULL; EINVAL, `where` is not in shm; EBUSY, this thread is in the middle
 * of such a call; or as shm_malloc().
 */
KM_API void *km_shm_malloc_to(void **where, size_t size, struct km_site *site);

/*
 * Set *where, in shm, to NULL and free the block that it had: both or nothing.
 * Others read *where by shm_get(). Returns 0; -KM_ENOENT: it is NULL, or
 * somebody else does the same; -KM_EINVAL: not in shm, or no block (logged);
 * -KM_EREADY: no pool to write to; -KM_EBUSY: this thread is in the middle of
 * such a call.
 */
KM_API int km_shm_free_from(void **where, struct km_site *site);

/* What *where has; NULL as well while it is being freed from there. */
KM_API void *km_shm_get(void *const *where);

/* Resize; the block may move. NULL: no room, and p is as it was. */
KM_API void *km_shm_realloc(void *p, size_t size, struct km_site *site);

/* Resize; NULL: no room, and p has been freed. */
KM_API void *km_shm_reallocxf(void *p, size_t size, struct km_site *site);

KM_API void km_shm_free(void *p, struct km_site *site);

/* Write every block to the log, at level memlog. */
KM_API void km_shm_status(void);

/* Write a line for each site to the log, at level memlog. */
KM_API void km_shm_sums(void);

/* The accounts; all zero when there is no pool. */
KM_API void km_shm_info(struct km_mem_info *info);

/* Bytes in free fragments. */
KM_API size_t km_shm_available(void);

#endif
