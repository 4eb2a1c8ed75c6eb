/* SPDX-License-Identifier: ISC */
/* roots.c - the named roots of the shm pool, as they were at one moment. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "daemon/roots.h"

#define KNOWN_OF_ROW 3 /* the root itself, value, made */

static int by_name(const void *a, const void *b)
{
	const struct root_row *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int by_address(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int add_row(struct roots *roots, const struct root_row *row)
{
	struct root_row *more;
	size_t n = roots->n;

	/* A power of two: all places are taken. */
	if ((n & (n - 1)) == 0) {
		more = realloc(roots->row, (n > 0 ? 2 * n : 1) * sizeof(*row));
		if (more == NULL)
			return -KM_ENOMEM;
		roots->row = more;
	}
	roots->row[roots->n++] = *row;
	return 0;
}

static int read_rows(struct roots *roots, struct view *view)
{
	struct root_walk walk = { 0 };
	struct root_row row;
	int rc;

	while ((rc = root_view_next(view, &walk, &row)) == 1)
		if (add_row(roots, &row) != 0)
			return -KM_ENOMEM;
	roots->is_damaged = rc != 0;
	if (roots->n > 0)
		qsort(roots->row, roots->n, sizeof(*roots->row), by_name);
	return 0;
}

static int note_known(struct roots *roots, uint64_t table)
{
	size_t n = 0;

	roots->known =
	    malloc((1 + KNOWN_OF_ROW * roots->n) * sizeof(*roots->known));
	if (roots->known == NULL)
		return -KM_ENOMEM;
	roots->known[n++] = table;
	for (size_t i = 0; i < roots->n; i++) {
		roots->known[n++] = roots->row[i].block;
		roots->known[n++] = roots->row[i].value;
		roots->known[n++] = roots->row[i].made;
	}
	roots->n_known = n;
	qsort(roots->known, n, sizeof(*roots->known), by_address);
	return 0;
}

int roots_read(struct roots *roots, struct view *view)
{
	int rc;

	*roots = (struct roots){ 0 };
	rc = read_rows(roots, view);
	if (rc == 0)
		rc = note_known(roots, root_view_table(view));
	if (rc != 0)
		roots_free(roots);
	return rc;
}

void roots_free(struct roots *roots)
{
	free(roots->row);
	free(roots->known);
	*roots = (struct roots){ 0 };
}

/* The first that is not before the block: in it, or behind. */
bool roots_have(const struct roots *roots, const struct view_block *block)
{
	size_t low = 0, high = roots->n_known;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (roots->known[mid] < block->addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < roots->n_known &&
	       roots->known[low] - block->addr < block->room;
}
