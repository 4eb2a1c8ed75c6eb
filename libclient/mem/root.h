/* SPDX-License-Identifier: ISC */
/* root.h - [public] named roots: where programs find what is in shm. */
#ifndef KMEM_MEM_ROOT_H
#define KMEM_MEM_ROOT_H
/*
 * A root is a name with a pointer into shm.  Programs that know the name find
 * what another has put there, whoever comes first:
 *
 *   struct table *table =
 *       km_root_get_or_create("table", sizeof(*table), table_init);
 *
 * Names have 1 to 63 printable ASCII characters; there may be thousands.  A
 * name stays as long as the pool, with or without a pointer.
 *
 * Ownership: the pointer is the programs'; to let go of a block, set its root
 * to NULL first.
 * Lifetime: of the pool.  Threads and processes: any, at any time; not in
 * signal handlers.  Who waits for an initialiser waits while that is stopped,
 * and no longer than it lives.
 */
#include <stddef.h>

#include "base/export.h"
#include "mem/site.h"

#define KM_ROOT_NAME_MAX 63 /* bytes, the final NUL not included */

/* Fills a new block, which is all zeros. 0: it is good; else it is freed. */
typedef int (*km_root_init)(void *p);

/* km_root_make() with the site of this place. */
#define km_root_get_or_create(name, size, init)                                \
	km_root_make((name), (size), (init), KM_SITE())

/*
 * What this name has. NULL and errno: ENOENT, nothing; EINVAL, no such name can
 * be; or as shm_malloc() without a pool.
 */
KM_API void *km_root_get(const char *name);

/*
 * Let the name have p, a pointer into shm or NULL. What it had is not freed.
 * Returns 0; -KM_EINVAL: no such name can be, or p is not in shm; -KM_EBUSY: in
 * an initialiser of the same name; -KM_EREADY: no pool to write to; -KM_ENOMEM,
 * -KM_EFULL.
 */
KM_API int km_root_set(const char *name, void *p);

/*
 * What this name has; else a new block of so many bytes, that init (NULL: none)
 * has filled. One initialiser of a name runs at a time, and others wait for it;
 * when it is killed the next one goes on with the same block, zeros again. What
 * init itself has allocated is lost then, unless it is found in the block of
 * another root. init may do all but ask for its own name.
 * NULL and errno: ECANCELED, init has failed; EINVAL, no such name can be;
 * EBUSY, in an initialiser of the same name; EAGAIN, what the dead have left
 * there is not settled yet; or as shm_malloc().
 */
KM_API void *km_root_make(
    const char *name, size_t size, km_root_init init, struct km_site *site);

#endif
