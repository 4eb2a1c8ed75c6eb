/* SPDX-License-Identifier: ISC */
/* caller.h - the site of who called malloc(), by the address it returns to. */
#ifndef KMEM_PRELOAD_CALLER_H
#define KMEM_PRELOAD_CALLER_H
/*
 * A program that was not built with libkmem has no struct km_site. Its sites
 * are return addresses: the site's module is the name of the object they are
 * in, its file the object's path, its function the place in it ("+0x1234"), as
 * addr2line(1) takes it; its line is 0.
 *
 * Concurrency: any thread; entries are only ever added.
 */
#include <stdint.h>

#include "base/export.h"
#include "mem/pool.h"

#define CALLER_BITS 13 /* 8192 entries, 128 KB, of which few are touched */

struct caller {
	uintptr_t address; /* 0: none; stored last */
	uint64_t row;	   /* as in struct km_site */
};

extern struct caller caller_table[1 << CALLER_BITS] KM_HIDDEN;

static inline struct caller *caller_at(uintptr_t address)
{
	return &caller_table[address * 0x9e3779b97f4a7c15ULL >>
			     (64 - CALLER_BITS)];
}

/* Its row; one of no pool: ask caller_intern(). */
static inline uint64_t caller_row(uintptr_t address)
{
	const struct caller *caller = caller_at(address);

	return __builtin_expect(__atomic_load_n(&caller->address,
				    __ATOMIC_ACQUIRE) == address,
		   1)
		   ? caller->row
		   : 0;
}

/* Find or add. SITE_UNKNOWN of this pool when either table is full. */
uint64_t caller_intern(struct km_pool *pool, uintptr_t address);

#endif
