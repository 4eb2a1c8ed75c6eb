/* SPDX-License-Identifier: ISC */
/* oom.h - what is said when a pool has no room. */
#ifndef KMEM_MEM_OOM_H
#define KMEM_MEM_OOM_H
/*
 * A loop of allocations that fail must neither flood the log nor take the time
 * of the process: a line a second; the walk that finds who holds most, at most
 * 1 % of the time; the status of the pool, once a minute, by whichever of its
 * processes fails first.  What is left out is counted.
 *
 * Concurrency: any thread, with no lock of a pool held.
 */
#include <stddef.h>

#include "mem/pool.h"

/* Sets errno to ENOMEM, and says so in the log if it is time to. */
void oom_report(struct km_pool *pool, size_t size, const struct km_site *site);

#endif
