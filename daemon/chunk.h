/* SPDX-License-Identifier: ISC */
/* chunk.h - the shared memory segment of the service, with its shm pool. */
#ifndef KMEMD_CHUNK_H
#define KMEMD_CHUNK_H
/*
 * Lifetime: chunk_open(), once the configuration is read, to chunk_close().
 * Concurrency: opened and closed by the supervisor; workers inherit the map.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mem/segment.h"

struct km_pool;

/*
 * Create the segment, map it at shm_base, make the pool, and let shm_malloc()
 * of this process use it. uid and gid: whom a SysV segment is given to.
 * Returns 0, or < 0 (logged).
 */
int chunk_open(uid_t uid, gid_t gid);
void chunk_close(void);

/* In a worker, right after the fork: the map is all it needs. */
void chunk_leave(void);

/* The pool, at the address where all processes have it; NULL: none. */
struct km_pool *chunk_pool(void);

/* Bytes mapped at chunk_pool(), for a view: what the pool may grow to. */
size_t chunk_size(void);

/* What it is made of, whatever was asked for. */
enum segment_backend chunk_backend(void);

/* The supervisor's slot in it. */
uint32_t chunk_slot(void);

#endif
