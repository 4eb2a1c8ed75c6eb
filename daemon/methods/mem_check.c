/* SPDX-License-Identifier: ISC */
/* mem_check.c - mem.check: guards that were written over, and other damage. */
#include "config.h"

#include <stdlib.h>

#include "daemon/methods/json.h"
#include "daemon/methods/look.h"
#include "daemon/methods/mem_methods.h"
#include "daemon/methods/pools.h"
#include "mem/misuse.h"

#define FINDINGS_MAX 1000 /* rows of one pool: about 300 KB */

struct check {
	struct look look; /* first */
	uint64_t blocks, found;
	struct json_object *findings; /* of this pool */
};

static int check_begin(struct look *look)
{
	struct check *check = (struct check *)look;

	check->blocks = check->found = 0;
	check->findings = json_object_new_array();
	return 0;
}

/* NULL: there are too many; they are counted only. */
static struct json_object *new_finding(struct check *check, const char *kind)
{
	struct json_object *row;

	if (check->found++ >= FINDINGS_MAX)
		return NULL;
	row = json_object_new_object();
	json_object_array_add(check->findings, row);
	add_text(row, "kind", kind);
	return row;
}

static bool check_block(struct look *look, const struct view_block *block)
{
	struct check *check = (struct check *)look;
	struct view *view = look->scan.view;
	char found[MISUSE_FOUND_SIZE];
	struct json_object *row;
	struct misuse misuse;

	check->blocks += !block->is_free;
	if (view_inspect(view, block, &misuse) != 1)
		return true;
	row = new_finding(check, misuse.kind == MISUSE_TAIL ? "tail" : "head");
	if (row == NULL)
		return true;
	add_text(row, "what", misuse_text(misuse.kind));
	pools_add_address(row, "address", block->addr);
	add_uint(row, "size", misuse.size);
	pools_add_site(row, "site", view, misuse.site);
	if (misuse.freed_site != 0)
		pools_add_site(row, "freed", view, misuse.freed_site);
	add_text(row, "found", misuse_found(&misuse, found, sizeof(found)));
	return true;
}

static void check_damage(struct look *look, const struct scan_damage *damage)
{
	struct check *check = (struct check *)look;
	struct json_object *row = new_finding(check, "damage");

	if (row == NULL)
		return;
	add_text(row, "what", "blocks cannot be made out");
	pools_add_damage(row, look->scan.view, damage);
}

static void check_end(struct look *look)
{
	struct check *check = (struct check *)look;

	add_uint(look->row, "blocks", check->blocks);
	add_uint(look->row, "found", check->found);
	json_object_object_add(look->row, "findings", check->findings);
	check->findings = NULL;
}

static void check_fini(struct look *look)
{
	json_object_put(((struct check *)look)->findings);
}

static const struct look_ops ops = {
	.what = SCAN_ALL,
	.begin = check_begin,
	.block = check_block,
	.damage = check_damage,
	.end = check_end,
	.fini = check_fini,
};

void mem_check(struct rpc_call *call)
{
	struct look_where where;

	if (look_where_parse(
		call, rpc_arg_string(call, 0), rpc_arg_int(call, 1), &where))
		look_start(calloc(1, sizeof(struct check)), call, &ops, where);
}
