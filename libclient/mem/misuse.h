/* SPDX-License-Identifier: ISC */
/* misuse.h - what a caller did wrong with a block, as evidence. */
#ifndef KMEM_MEM_MISUSE_H
#define KMEM_MEM_MISUSE_H
/*
 * A manager fills it in while it holds its lock; it is logged afterwards.
 */
#include <stdint.h>

struct km_pool;

enum misuse_kind {
	MISUSE_NONE,
	MISUSE_OUTSIDE,	 /* the pointer is outside the pool's blocks */
	MISUSE_NO_BLOCK, /* inside, but no block starts there */
	MISUSE_HEAD,	 /* the head before the block was overwritten */
	MISUSE_TAIL,	 /* the tail behind the block was overwritten */
	MISUSE_FREED,	 /* the block is free already */
	MISUSE__COUNT
};

struct misuse {
	enum misuse_kind kind;
	const void *block;
	uint64_t size;	     /* bytes requested, where known */
	uint32_t site;	     /* allocated here, SITE_UNKNOWN: not known */
	uint32_t freed_site; /* freed here, the same */
	uint64_t found[2];   /* the guard words found, in memory order */
};

/*
 * Write the line, then abort for a core when mem_safety is 0.
 * `call` is the function called, `site` the row of its caller.
 */
void misuse_report(const struct km_pool *pool, const struct misuse *misuse,
    const char *call, uint32_t site);

#endif
