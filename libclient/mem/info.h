/* SPDX-License-Identifier: ISC */
/* info.h - [public] the accounts of a pool. */
#ifndef KMEM_MEM_INFO_H
#define KMEM_MEM_INFO_H
/*
 * All in bytes but where said.  At every moment a reader can look:
 * total = free + real_used, used <= real_used <= max_used.
 */
#include <stddef.h>

struct km_mem_info {
	size_t total;	  /* size of the pool, metadata included */
	size_t free;	  /* what is in free fragments */
	size_t used;	  /* requested by callers in live blocks */
	size_t real_used; /* what nobody else can get: rounding, metadata */
	size_t max_used;  /* the highest real_used so far */
	size_t fragments; /* number of free fragments */
	size_t blocks;	  /* number of live blocks */
	size_t counted;	  /* live blocks with their rounding, and metadata */
	size_t largest;	  /* the largest request that would succeed now */
};

#endif
