/* SPDX-License-Identifier: ISC */
/* boot.h - memory for who allocates while an allocation is being made. */
#ifndef KMEM_PRELOAD_BOOT_H
#define KMEM_PRELOAD_BOOT_H
/*
 * The pool is made, and joined by a thread, inside of somebody's malloc(). What
 * that calls may itself call malloc(): this arena serves it. It is small, slow
 * and simple, and gives nothing back to the system.
 *
 * Lifetime: of the process.
 * Concurrency: any thread, a spin lock; around a fork, see boot_lock().
 */
#include <stdbool.h>
#include <stddef.h>

/* A block at a multiple of align, a power of two; NULL: too large, or full. */
void *boot_alloc(size_t size, size_t align);

/* Whether p is a block of it. */
bool boot_has(const void *p);

/* Of a block: bytes that may be used; and the end of it. */
size_t boot_size(const void *p);
void boot_free(void *p);

/* Held while a process forks, by the thread that does, so that the child has
 * it whole. */
void boot_lock(void);
void boot_unlock(void);

#endif
