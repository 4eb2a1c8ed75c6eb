/* SPDX-License-Identifier: ISC */
/* preload.h - malloc() and free() for a caller that is named. */
#ifndef KMEM_PRELOAD_PRELOAD_H
#define KMEM_PRELOAD_PRELOAD_H
/*
 * libkmem_preload.so is libkmem, and the allocating functions of the C and the
 * C++ library on top of its pkg pool: they say to whom they return.
 *
 * Concurrency: as theirs.
 */
#include <stddef.h>
#include <stdint.h>

/* Of a function that is called from outside. */
#define PRELOAD_API  __attribute__((visibility("default")))
#define PRELOAD_FROM ((uintptr_t)__builtin_return_address(0))

/* NULL and errno ENOMEM: no memory. align is a power of two. */
void *preload_malloc(size_t size, uintptr_t from);
void *preload_memalign(size_t align, size_t size, uintptr_t from);
void preload_free(void *p, uintptr_t from);

#endif
