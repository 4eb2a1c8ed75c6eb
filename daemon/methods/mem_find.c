/* SPDX-License-Identifier: ISC */
/* mem_find.c - mem.find: what is at an address, in every pool that has it. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/methods/json.h"
#include "daemon/methods/look.h"
#include "daemon/methods/mem_methods.h"
#include "daemon/methods/pools.h"

#define PREVIEW_MAX 64 /* bytes shown */
#define HINT_SIZE   256

struct find {
	struct look look; /* first */
	uint64_t addr;
	/* Of this pool: the fragments around; addr 0: none. */
	struct view_block before, at, after;
	bool is_damaged;
	struct scan_damage damage;
	/* Pools whose range it is not in, for the hint: one of each kind. */
	char shm[64], pkg[64];
};

static int find_begin(struct look *look)
{
	struct find *find = (struct find *)look;
	const struct km_pool *pool = view_header(look->scan.view);
	bool is_shm = pool->kind == KM_SHM;
	char *range = is_shm ? find->shm : find->pkg;

	snprintf(range, sizeof(find->shm), "%s %#llx to %#llx",
	    is_shm ? "shm" : "pkg", (unsigned long long)pool->base,
	    (unsigned long long)(pool->base + pool->size));
	find->before = find->at = find->after = (struct view_block){ 0 };
	find->is_damaged = false;
	return find->addr - pool->base < pool->size ? 0 : 1;
}

static bool find_block(struct look *look, const struct view_block *block)
{
	struct find *find = (struct find *)look;

	if (block->addr > find->addr) {
		find->after = *block;
		return false;
	}
	find->before = find->at;
	find->at = *block;
	return true;
}

static void find_damage(struct look *look, const struct scan_damage *damage)
{
	struct find *find = (struct find *)look;
	uint64_t from = view_header(look->scan.view)->base + damage->off;

	if (find->addr < from || find->addr - from >= damage->bytes)
		return;
	find->is_damaged = true;
	find->damage = *damage;
}

/* ---- the row ------------------------------------------------------------ */

static struct json_object *neighbour(
    const struct find *find, const struct view_block *block)
{
	struct view *view = find->look.scan.view;
	struct json_object *row;

	if (block->addr == 0)
		return NULL;
	row = json_object_new_object();
	pools_add_address(row, "address", block->addr);
	if (block->is_free) {
		add_uint(row, "free", block->room);
		return row;
	}
	add_uint(row, "size", block->size);
	pools_add_site(row, "site", view, block->site);
	return row;
}

/* What is at the address, as bytes and as text, no further than `end`. */
static void add_preview(const struct find *find, uint64_t end)
{
	struct view *view = find->look.scan.view;
	uint64_t len = end - find->addr;
	unsigned char byte[PREVIEW_MAX];
	char hex[3 * PREVIEW_MAX + 1] = "", text[PREVIEW_MAX + 1] = "";

	if (len > PREVIEW_MAX)
		len = PREVIEW_MAX;
	if (view_read(view, find->addr - view_header(view)->base, byte, len) !=
	    0)
		return;
	for (size_t i = 0; i < len; i++) {
		snprintf(hex + 3 * i, 4, "%02x ", byte[i]);
		text[i] =
		    isascii(byte[i]) && isprint(byte[i]) ? (char)byte[i] : '.';
	}
	if (len > 0)
		hex[3 * len - 1] = '\0';
	add_text(find->look.row, "hex", hex);
	add_text(find->look.row, "text", text);
}

static void add_block(const struct find *find)
{
	struct json_object *row = find->look.row;
	struct view *view = find->look.scan.view;
	const struct view_block *block = &find->at;
	const struct km_pool *pool = view_header(view);

	pools_add_address(row, "block", block->addr);
	add_uint(row, "size", block->size);
	add_uint(row, "room", block->room);
	add_uint(row, "offset", find->addr - block->addr);
	add_uint(row, "age", block->age);
	add_uint(row, "seq", block->seq);
	add_int(row, "owner",
	    pool->kind == KM_SHM ? pools_owner(view, block->owner)
				 : pool->owner_pid);
	pools_add_site(row, "site", view, block->site);
}

/* "block", or what it is instead. */
static const char *what_is_there(const struct find *find)
{
	uint64_t offset = find->addr - find->at.addr;

	if (find->is_damaged)
		return "damage";
	if (find->at.addr == 0)
		return "tables"; /* of the pool, before the first one */
	if (offset >= find->at.room)
		return "head"; /* of the next one, or the tail before it */
	if (find->at.is_free)
		return "free";
	return offset < find->at.size || find->at.size == 0 ? "block" : "slack";
}

static void find_end(struct look *look)
{
	struct find *find = (struct find *)look;
	const struct view_block *at = &find->at;
	bool is_in = !find->is_damaged && at->addr != 0 &&
		     find->addr - at->addr < at->room;
	const struct view_block *before = is_in ? &find->before : at;

	add_text(look->row, "what", what_is_there(find));
	pools_add_address(look->row, "address", find->addr);
	if (is_in && !at->is_free)
		add_block(find);
	else if (is_in)
		add_uint(look->row, "free", at->room);
	json_object_object_add(look->row, "before", neighbour(find, before));
	json_object_object_add(
	    look->row, "after", neighbour(find, &find->after));
	if (find->is_damaged)
		pools_add_damage(look->row, look->scan.view, &find->damage);
	if (is_in && !at->is_free)
		add_preview(find, at->addr + at->room);
}

static bool find_fail(struct look *look)
{
	struct find *find = (struct find *)look;
	char hint[HINT_SIZE];

	if (json_object_array_length(look->rows) > 0)
		return false;
	snprintf(hint, sizeof(hint), "%s%s%s", find->shm,
	    find->shm[0] != '\0' && find->pkg[0] != '\0' ? ", " : "",
	    find->pkg);
	rpc_fail_param(look->call, RPC_NOT_FOUND, "address", hint,
	    "%#llx is in none of the pools", (unsigned long long)find->addr);
	return true;
}

static const struct look_ops ops = {
	.what = SCAN_ALL,
	.begin = find_begin,
	.block = find_block,
	.damage = find_damage,
	.end = find_end,
	.fail = find_fail,
};

/* ---- what is asked ------------------------------------------------------ */

static bool parse_address(struct json_object *value, uint64_t *addr)
{
	const char *text;
	char *end;

	if (json_object_is_type(value, json_type_int)) {
		*addr = json_object_get_uint64(value);
		return true;
	}
	if (!json_object_is_type(value, json_type_string))
		return false;
	text = json_object_get_string(value);
	errno = 0;
	*addr = strtoull(text, &end, 0);
	return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0;
}

void mem_find(struct rpc_call *call)
{
	struct find *find = calloc(1, sizeof(*find));
	struct look_where where = { .shm = true, .pkg = true };
	bool is_fine = find != NULL;

	if (is_fine && !parse_address(rpc_arg_any(call, 0), &find->addr)) {
		rpc_fail_param(call, RPC_INVALID_PARAMS, "address",
		    "0x and hexadecimal digits as a string, or an integer",
		    "this is no address");
		is_fine = false;
	} else if (is_fine && rpc_arg_has(call, 1)) {
		is_fine =
		    look_where_parse(call, "all", rpc_arg_int(call, 1), &where);
	}
	if (find != NULL && !is_fine) {
		free(find);
		return;
	}
	look_start((struct look *)find, call, &ops, where);
}
