/* SPDX-License-Identifier: ISC */
/* root_view.c - named roots through a view. */
#include "config.h"

#include <stddef.h>

#include "base/err.h"
#include "mem/root_table.h"

static int read_at(struct view *view, uint64_t addr, void *to, size_t size)
{
	uint64_t off = addr - view_header(view)->base;

	if (addr % sizeof(uint64_t) != 0)
		return -KM_ECORRUPT;
	return view_read(view, off, to, size) == 0 ? 0 : -KM_ECORRUPT;
}

/* What was written since the view was opened counts. */
uint64_t root_view_table(struct view *view)
{
	uint64_t table;
	int rc = view_read(
	    view, offsetof(struct km_pool, roots), &table, sizeof(table));

	return rc == 0 ? table : 0;
}

/* On to a bucket that has some. 1, 0 or -KM_ECORRUPT. */
static int next_bucket(struct view *view, struct root_walk *walk)
{
	uint64_t table = root_view_table(view);

	if (table == 0)
		return 0;
	while (walk->next == 0 && walk->bucket < ROOT_BUCKETS)
		if (read_at(view, table + walk->bucket++ * sizeof(walk->next),
			&walk->next, sizeof(walk->next)) != 0)
			return -KM_ECORRUPT;
	return walk->next != 0;
}

static void copy_name(char *to, const char *from)
{
	size_t i = 0;

	for (; i < KM_ROOT_NAME_MAX && from[i] != '\0'; i++)
		to[i] = (char)(from[i] < ' ' || from[i] > '~' ? '?' : from[i]);
	to[i] = '\0';
}

int root_view_next(
    struct view *view, struct root_walk *walk, struct root_row *row)
{
	struct root root;
	int rc = walk->next != 0 ? 1 : next_bucket(view, walk);

	if (rc != 1)
		return rc;
	/* More than there is room for: a list that runs in a circle. */
	if (walk->n++ > view_header(view)->max_size / sizeof(root) ||
	    read_at(view, walk->next, &root, sizeof(root)) != 0)
		return -KM_ECORRUPT;
	*row = (struct root_row){
		.block = walk->next,
		.value = root.value,
		.made = root.made,
	};
	copy_name(row->name, root.name);
	walk->next = root.next;
	return 1;
}
