/* SPDX-License-Identifier: ISC */
/* kmem_pool.h - a pool for a program that kmemd did not fork. */
#ifndef TESTS_BENCH_KMEM_POOL_H
#define TESTS_BENCH_KMEM_POOL_H
/*
 * kmem_pool.c and the objects of libkmem are libkmembench.so, which is libkmem
 * with these functions added: what sets up pools is hidden in libkmem.so.  So
 * pkg_malloc() and the others are called across the border of a shared object,
 * as any user calls them.
 *
 * Lifetime: one pool of each kind, until the process ends.
 */
#include <stddef.h>

#include "base/export.h"
#include "mem/site.h"

/*
 * Make a pool in a segment of its own, for so many processes.
 * Returns 0; -KM_EINVAL: no such manager; -KM_ERANGE, -KM_ESYS.
 */
KM_API int km_bench_pool_open(
    enum km_pool_kind kind, const char *manager, size_t size, int processes);

/* Use it, with the slot of this rank. */
KM_API void km_bench_pool_join(enum km_pool_kind kind, int rank);

#endif
