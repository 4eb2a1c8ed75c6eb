/* SPDX-License-Identifier: ISC */
/* roots.h - the named roots of the shm pool, as they were at one moment. */
#ifndef KMEMD_ROOTS_H
#define KMEMD_ROOTS_H
/*
 * What a root has is found by its name, whoever allocated it and is dead: it is
 * no orphan, and neither are the blocks of roots themselves.
 *
 * Lifetime: roots_read() to roots_free(). Concurrency: one thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem/root_table.h"

struct roots {
	struct root_row *row; /* by name */
	size_t n;
	bool is_damaged; /* there may be more */
	uint64_t *known; /* addresses in blocks that are found, sorted */
	size_t n_known;
};

/* Returns 0, or -KM_ENOMEM: then there is nothing to free. */
int roots_read(struct roots *roots, struct view *view);
void roots_free(struct roots *roots);

/* Whether a root has something in this block, or is it. */
bool roots_have(const struct roots *roots, const struct view_block *block);

#endif
