/* SPDX-License-Identifier: ISC */
/* trace.h - a recorded allocation trace, read into memory. */
#ifndef KMEMD_REPLAY_TRACE_H
#define KMEMD_REPLAY_TRACE_H
/*
 * A trace is text, plain or gzipped, one operation a line:
 *
 *   op heap pid id size site
 *
 *   op     M malloc, F free, R realloc (new size, same id), K fork
 *   heap   pkg or shm
 *   pid    who did it; of K: the child
 *   id     of the block, unique in its heap; of K: -
 *   size   bytes requested; of K: the parent's pid
 *   site   module:file:function:line; of K: fork
 *
 * Lines that start with # are comments.  Operation numbers count the others
 * from 1; in an array they are indices, from 0.  An R whose block was never
 * allocated is read as an M.
 *
 * Lifetime: from trace_read() to trace_free().  Sites are stored in pools by
 * copy, but the process allocates through these structs: free the trace when
 * it plays no more.
 * Concurrency: read-only, but for the ids cached in the sites; one thread.
 */
#include <stddef.h>
#include <stdint.h>

#include "mem/site.h"

enum trace_kind {
	TRACE_MALLOC,
	TRACE_FREE,
	TRACE_REALLOC,
	TRACE_FORK,
	TRACE_KIND__COUNT
};

#define TRACE_ID_MAX	    (1U << 24) /* tables are indexed by id */
#define TRACE_PROCESSES_MAX 4096

struct trace_op {
	uint8_t kind;	  /* enum trace_kind */
	uint8_t heap;	  /* enum km_pool_kind */
	uint16_t process; /* index of pids; of a fork: the child */
	uint32_t id;	  /* of a fork: index of the parent */
	uint32_t site;	  /* index of sites; of a fork: 0 */
	uint32_t line;	  /* of the file */
	size_t size;
};

struct trace {
	struct trace_op *ops;
	uint32_t n_ops;
	uint32_t n_sites;
	struct km_site *sites;
	int32_t *pids; /* of the processes, in the order they appear */
	uint32_t n_pids;
	uint32_t main;	  /* process: the parent of the first fork */
	uint32_t adopted; /* reallocs that were read as mallocs */
	uint32_t max_id[KM_POOL_KIND__COUNT];
};

/*
 * Read a trace. Returns 0 and *trace; -KM_EINVAL: bad content, -KM_ESYS,
 * -KM_ENOMEM: each logged, with file and line.
 */
int trace_read(const char *path, struct trace **trace);

void trace_free(struct trace **trace);

#endif
