/* SPDX-License-Identifier: ISC */
/* start.h - a preloaded program is listed by kmemd. */
#ifndef KMEM_PRELOAD_START_H
#define KMEM_PRELOAD_START_H
/*
 * When the program starts, and KMEMD_ATTACH names a socket, it attaches as an
 * observer: kmemd reads its pkg pool, and it has no part in the chunk. A kmemd
 * that does not answer costs a moment, and is asked again later; so is it for
 * the child of a fork, if that goes on to allocate.
 *
 * Concurrency: any thread.
 */

/* Of each call that is not the usual case, outside of the pool. */
void start_note(void);

#endif
