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

#define CHUNK_NAME "kmemd-shm" /* of its memfd, and of its descriptor */

struct km_pool;

/*
 * Take over the chunk that an earlier kmemd has left to its programs, and
 * settle what the dead have left in it; or else create the segment, map it at
 * shm_base and make the pool. shm_malloc() of this process uses it. uid and
 * gid: whom a SysV segment is given to. Returns 0, or < 0 (logged).
 */
int chunk_open(uid_t uid, gid_t gid);
void chunk_close(void);

/* Programs that were in the chunk when it was taken over: watch them again. */
void chunk_adopt(void);

/* chunk_close() leaves the descriptor open, for who comes by exec. */
void chunk_keep(void);

/* In a worker, right after the fork: the map is all it needs. */
void chunk_leave(void);

/*
 * Each second: tell the pool what time it is, and give a part of what it has
 * not used for shm_trim_s back to the system.
 */
void chunk_tick(void);

/* Tell it whether a process is traced, after a change of what says so. */
void chunk_trace(void);

/* The pool, at the address where all processes have it; NULL: none. */
struct km_pool *chunk_pool(void);

/* Bytes mapped at chunk_pool(), for a view: what the pool may grow to. */
size_t chunk_size(void);

/* What it is made of, whatever was asked for. */
enum segment_backend chunk_backend(void);

/* Its memfd, or its shmid under SysV. Borrowed. */
int chunk_fd(void);

/* The supervisor's slot in it. */
uint32_t chunk_slot(void);

#endif
