/* SPDX-License-Identifier: ISC */
/* near.h - which of the names that there are is meant by one that is none. */
#ifndef KMEM_BASE_NEAR_H
#define KMEM_BASE_NEAR_H
/*
 * For error messages: near_begin(), near_try() with each name that there is,
 * near_hint().  Near is what a slip of the fingers makes: letters too many, too
 * few, exchanged or of the other case; what has been cut short; and what lacks
 * the part before its dot.
 *
 * Lifetime: names are borrowed. Concurrency: none kept.
 */
#include <stddef.h>

#define NEAR_HINT_SIZE 256

struct near {
	const char *name;
	const char *best; /* NULL: none is near */
	unsigned distance;
};

void near_begin(struct near *near, const char *name);
void near_try(struct near *near, const char *candidate);

/*
 * "did you mean core.ping?", then the rest, which is to be said in any case, as
 * "system.listMethods shows all"; or NULL. Returns buf, cut to fit, with the
 * rest alone when none is near; NULL: there is nothing to say.
 */
const char *near_hint(
    const struct near *near, const char *rest, char *buf, size_t size);

#endif
