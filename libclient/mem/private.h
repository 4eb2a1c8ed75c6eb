/* SPDX-License-Identifier: ISC */
/* private.h - the pkg pool of a program that kmemd did not start. */
#ifndef KMEM_MEM_PRIVATE_H
#define KMEM_MEM_PRIVATE_H
/*
 * It is private anonymous memory, reserved at its largest size; only what was
 * written takes memory, and a fork is copy-on-write.  km_pkg_init() in mem.h
 * makes it, or else the first pkg_malloc().
 *
 * Lifetime: to the end of the process, its child's included.
 * Concurrency: any thread.  In the child of a fork, of the threads of a pool
 * under slab only the one that forked goes on; what the others have left half
 * done is settled when the pool next lacks room (SLOT_RECOVERING).
 */
#include <stdbool.h>

#include "mem/pool.h"

/* The pool, made with the defaults if need be; NULL: denied, or no memory. */
struct km_pool *private_pool(void);

/* Whether it is this one. */
bool private_is(const struct km_pool *pool);

/* This process gets its pkg pool from kmemd: there is no other. */
void private_deny(void);

/* Whether private_deny() has never been called. */
bool private_is_allowed(void);

#endif
