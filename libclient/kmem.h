/* SPDX-License-Identifier: ISC */
/* kmem.h - [public] joining the shared memory of kmemd from any program. */
#ifndef KMEM_KMEM_H
#define KMEM_KMEM_H
/*
 * A program that has attached allocates from the same chunk as all others:
 *
 *   if (km_attach(NULL) != 0)
 *           errx(1, "km_attach: %s", km_attach_why());
 *   p = shm_malloc(100);
 *
 * It has the chunk at the same address as everybody, and is listed by kmemctl
 * with its name, its pkg pool and its call sites.  kmemd is told when it ends,
 * however it ends.  Allocation sends nothing to anybody.
 *
 * Lifetime: km_attach() to km_detach(), exec or the end of the process.
 * Threads: any; see km_detach().
 * Fork: the child has the chunk too.  It becomes a participant of its own when
 * it first allocates or frees shared memory, or calls km_attach().  Its pkg
 * pool is a copy.
 * Signals: none of these may be called in a handler.
 */
#include <stddef.h>

#include "base/err.h"
#include "base/export.h"
#include "base/log.h"
#include "mem/lock.h"
#include "mem/mem.h"
#include "mem/root.h"
#include "mem/shm_mem.h"

/* Bits of km_attach_options.flags. */
enum km_attach_flag {
	/* Make no pkg pool: one made later is not shown by kmemd. */
	KM_ATTACH_NO_PKG = 1,
	/* Read only: all can be seen, shm_malloc() returns NULL (EROFS). */
	KM_ATTACH_OBSERVER = 2,
	/* Do not let kmemd look into this program's pkg pool. */
	KM_ATTACH_NO_INSPECT = 4,
};

/* What is 0 or NULL is the default. */
struct km_attach_options {
	size_t size;	    /* sizeof(struct km_attach_options), always */
	const char *socket; /* of kmemd; else $KMEMD_ATTACH, or the one that
			       libkmem was built with */
	const char *desc;   /* name in lists, up to 63 bytes; else the program's
			     */
	const char *pkg_manager; /* "slab", which is the default, or "qm" */
	size_t pkg_size;	 /* bytes of the pkg pool, as km_pkg_init() */
	unsigned flags;		 /* enum km_attach_flag */
	unsigned timeout_ms;	 /* for kmemd to answer; else 5000 */
};

/*
 * Join. NULL: all defaults. A pkg pool that the process has is kept.
 * Returns 0, or why not, which km_attach_why() says in words:
 *   -KM_ENOENT    no kmemd listens there
 *   -KM_EPERM     this user may not attach
 *   -KM_ELIMIT    as many programs as may be have attached
 *   -KM_EABI      kmemd has another ABI or layout: both are named
 *   -KM_EADDR     the chunk's address is taken here: by what is said
 *   -KM_ETIMEOUT  kmemd does not answer
 *   -KM_EEXIST    attached already
 *   -KM_EINVAL    options that make no sense
 *   -KM_EPROTO, -KM_ECLOSED, -KM_EFULL, -KM_ENOMEM, -KM_ESYS
 */
KM_API int km_attach(const struct km_attach_options *options);

/*
 * Leave: the chunk is unmapped, and what was allocated in it stays, for others.
 * The pkg pool is kept. No thread may allocate or free during this, pkg
 * neither, or use shared memory later, and those that have done so must not be
 * there when the program attaches again. Returns 0; -KM_EREADY: not attached.
 */
KM_API int km_detach(void);

/*
 * Why km_attach() failed the last time in this thread, as a sentence; never
 * NULL. Good until this thread calls it again.
 */
KM_API const char *km_attach_why(void);

#endif
