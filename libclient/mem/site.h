/* SPDX-License-Identifier: ISC */
/* site.h - [public] a call site: the line of code that allocates. */
#ifndef KMEM_MEM_SITE_H
#define KMEM_MEM_SITE_H
/*
 * Each pkg_malloc() or shm_malloc() in a source file is one site.  The macro
 * makes one static struct km_site of it; the first allocation there copies its
 * strings into the pool's site table, and every block names its row.
 *
 * Lifetime: a site must live as long as the process uses the pool.
 * Concurrency: any thread may allocate through the same site.
 */
#include <stdint.h>

enum km_pool_kind {
	KM_PKG, /* private to a process */
	KM_SHM, /* the chunk, shared by all */
	KM_POOL_KIND__COUNT
};

struct km_site {
	const char *file;
	const char *func;
	const char *mname; /* module */
	uint32_t line;
	/*
	 * For the pool of each kind that was used last: its generation in the
	 * high half, the row in its site table in the low one. 0: none yet.
	 */
	uint64_t row[KM_POOL_KIND__COUNT];
};

/* The module of a source file; as in Kamailio, set it before including. */
#ifdef MOD_NAME
#define KM_MODULE_NAME MOD_NAME
#else
#define KM_MODULE_NAME "core"
#endif

/* The address of the one struct km_site of this place in the source. */
#define KM_SITE()                                                              \
	__extension__({                                                        \
		static struct km_site km_site_ = { __FILE__, __func__,         \
			KM_MODULE_NAME, __LINE__, { 0, 0 } };                  \
		&km_site_;                                                     \
	})

#endif
