/* SPDX-License-Identifier: ISC */
/* roots.c - shm.roots: names, what they have, and whose block that is. */
#include "config.h"

#include <stdlib.h>

#include "base/err.h"
#include "daemon/methods/json.h"
#include "daemon/methods/look.h"
#include "daemon/methods/orphans.h"
#include "daemon/methods/pools.h"
#include "daemon/roots.h"
#include "rpc/method.h"

/* A root, and the block that its value is in; no address: none found. */
struct found {
	const struct root_row *row;
	struct view_block block;
};

struct look_roots {
	struct look look; /* first */
	struct roots roots;
	struct found *found; /* by value */
	size_t next;	     /* the first one that is not before the walk */
};

static int by_value(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->row->value < y->row->value ? -1
					     : x->row->value > y->row->value;
}

static int roots_begin(struct look *look)
{
	struct look_roots *r = (struct look_roots *)look;
	int rc = roots_read(&r->roots, look->scan.view);

	if (rc != 0)
		return rc;
	r->found = calloc(r->roots.n + 1, sizeof(*r->found));
	if (r->found == NULL)
		return -KM_ENOMEM;
	for (size_t i = 0; i < r->roots.n; i++)
		r->found[i].row = &r->roots.row[i];
	if (r->roots.n > 0)
		qsort(r->found, r->roots.n, sizeof(*r->found), by_value);
	return 0;
}

/* Blocks come in the order of their addresses, as values are. */
static bool roots_block(struct look *look, const struct view_block *block)
{
	struct look_roots *r = (struct look_roots *)look;

	for (; r->next < r->roots.n; r->next++) {
		struct found *found = &r->found[r->next];

		if (found->row->value >= block->addr + block->room)
			return true;
		if (found->row->value >= block->addr)
			found->block = *block;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	/* The rows are sorted by name. */
	return x->row < y->row ? -1 : x->row > y->row;
}

static struct json_object *root_row(
    struct view *view, const struct found *found)
{
	struct json_object *row = json_object_new_object();

	add_text(row, "name", found->row->name);
	if (found->row->value == 0) {
		add_text(row, "what",
		    found->row->made != 0 ? "being made" : "nothing");
		return row;
	}
	add_text(row, "what", found->block.addr != 0 ? "block" : "no block");
	pools_add_address(row, "address", found->row->value);
	if (found->block.addr == 0)
		return row;
	add_uint(row, "size", found->block.size);
	pools_add_site(row, "site", view, found->block.site);
	add_int(row, "owner", pools_owner(view, found->block.owner));
	return row;
}

static void roots_end(struct look *look)
{
	struct look_roots *r = (struct look_roots *)look;
	struct json_object *rows = json_object_new_array();

	if (r->roots.n > 0)
		qsort(r->found, r->roots.n, sizeof(*r->found), by_name);
	for (size_t i = 0; i < r->roots.n; i++)
		json_object_array_add(
		    rows, root_row(look->scan.view, &r->found[i]));
	json_object_put(look->row);
	look->row = json_object_new_object();
	if (r->roots.is_damaged)
		add_bool(look->row, "damaged", true);
	json_object_object_add(look->row, "roots", rows);
}

static void roots_damage(struct look *look, const struct scan_damage *damage)
{
	/* What is in there is no block. */
}

static void roots_fini(struct look *look)
{
	struct look_roots *r = (struct look_roots *)look;

	roots_free(&r->roots);
	free(r->found);
}

static const struct look_ops ops = {
	.what = SCAN_LIVE,
	.is_single = true,
	.begin = roots_begin,
	.block = roots_block,
	.damage = roots_damage,
	.end = roots_end,
	.fini = roots_fini,
};

void shm_roots(struct rpc_call *call)
{
	look_start(calloc(1, sizeof(struct look_roots)), call, &ops,
	    (struct look_where){ .shm = true });
}
