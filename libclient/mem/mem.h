/* SPDX-License-Identifier: ISC */
/* mem.h - [public] pkg: memory private to a process, with Kamailio's names. */
#ifndef KMEM_MEM_MEM_H
#define KMEM_MEM_MEM_H
/*
 * Sizes are size_t and count bytes (Kamailio's are unsigned int).  Blocks are
 * aligned to 16.  What fails returns NULL, sets errno (ENOMEM: no room, or a
 * size no pool can hold; EINVAL: no pool yet, a bad pointer or alignment) and
 * writes one line to the log; about lack of room, at most one a second.
 * km_strerror(errno), of base/err.h, is the reason in words.
 *
 * Pool: a process of kmemd has one that kmemd made. Any other program makes
 * its own, private memory, at its first pkg_malloc() or by km_pkg_init().
 *
 *   size 0            pkg_malloc(0) gives a block of its own, good for
 *                     nothing but pkg_free(); pkg_realloc(p, 0) frees p and
 *                     returns NULL; pkg_memalign(n, 0) is pkg_memalign(n, 1)
 *   NULL              pkg_free(NULL) does nothing; pkg_realloc(NULL, n) is
 *                     pkg_malloc(n)
 *   no room           pkg_realloc() leaves the old block as it was;
 *                     pkg_reallocxf() frees it
 *
 * Ownership: the caller frees, in the process that allocated.
 * Threads: under the manager qm a pkg pool belongs to one thread.
 * Fork: a worker of kmemd starts with a copy of the supervisor's pool, at the
 * same address; from then on the two are apart.  What a worker forks itself
 * shares the worker's pool, and must leave it alone.  Of any other program the
 * child has a copy, which costs what is written to.
 * Source of names and meanings: Kamailio, src/core/mem/mem.h and pkg.h.
 */
#include <stddef.h>

#include "base/export.h"
#include "mem/info.h"
#include "mem/site.h"

/* Bits of the parameter mem_summary: what a status dump contains. */
enum km_mem_summary {
	KM_SUMMARY_PKG_STATUS = 1,
	KM_SUMMARY_SHM_STATUS = 2,
	KM_SUMMARY_PKG_SUMS = 4,
	KM_SUMMARY_SHM_SUMS = 8,
	KM_SUMMARY_SHORT = 16,
};

#define pkg_malloc(size)	  km_pkg_malloc((size), KM_SITE())
#define pkg_mallocxz(size)	  km_pkg_mallocxz((size), KM_SITE())
#define pkg_memalign(align, size) km_pkg_memalign((align), (size), KM_SITE())
#define pkg_realloc(p, size)	  km_pkg_realloc((p), (size), KM_SITE())
#define pkg_reallocxf(p, size)	  km_pkg_reallocxf((p), (size), KM_SITE())
#define pkg_free(p)		  km_pkg_free((p), KM_SITE())
#define pkg_status()		  km_pkg_status()
#define pkg_sums()		  km_pkg_sums()
#define pkg_info(info)		  km_pkg_info(info)
#define pkg_available()		  km_pkg_available()

/*
 * Make the pkg pool of this process, before it allocates: of at most so many
 * bytes, 0: the default, under this manager, "slab" or "qm", NULL: slab. Under
 * slab it grows as need be, under qm it has its size at once; only what is
 * used takes memory.
 * Returns 0; -KM_EEXIST: it has one; -KM_EPERM: kmemd makes it; -KM_EINVAL: no
 * such manager; -KM_ERANGE: too small; -KM_ENOMEM: no such address space.
 */
KM_API int km_pkg_init(size_t size, const char *manager);

/* A block of at least size bytes, or NULL. */
KM_API void *km_pkg_malloc(size_t size, struct km_site *site);

/* The same, filled with zeros. */
KM_API void *km_pkg_mallocxz(size_t size, struct km_site *site);

/*
 * A block of at least size bytes at a multiple of align, a power of two.
 * Resized it may be at any multiple of 16.
 */
KM_API void *km_pkg_memalign(size_t align, size_t size, struct km_site *site);

/* Resize; the block may move. NULL: no room, and p is as it was. */
KM_API void *km_pkg_realloc(void *p, size_t size, struct km_site *site);

/* Resize; NULL: no room, and p has been freed. */
KM_API void *km_pkg_reallocxf(void *p, size_t size, struct km_site *site);

KM_API void km_pkg_free(void *p, struct km_site *site);

/* Write every block to the log, at level memlog. */
KM_API void km_pkg_status(void);

/* Write a line for each site to the log, at level memlog. */
KM_API void km_pkg_sums(void);

/* The accounts; all zero when there is no pool. */
KM_API void km_pkg_info(struct km_mem_info *info);

/* Bytes in free fragments. */
KM_API size_t km_pkg_available(void);

#endif
