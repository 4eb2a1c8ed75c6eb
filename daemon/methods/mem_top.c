/* SPDX-License-Identifier: ISC */
/* mem_top.c - mem.top: the sites that hold most of a pool, and for how long. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/methods/json.h"
#include "daemon/methods/look.h"
#include "daemon/methods/mem_methods.h"
#include "daemon/methods/pools.h"
#include "mem/status.h"

#define COUNT_DEFAULT 10
#define COUNT_MAX     10000
#define HINT	      "[pkg PID|shm] [bytes|blocks] [count]"

struct top {
	struct look look; /* first */
	enum site_order order;
	uint32_t count;
	struct site_sums sums;
	uint64_t blocks, bytes;
	size_t largest_free;
	struct json_object *damage; /* NULL: none */
};

static int top_begin(struct look *look)
{
	struct top *top = (struct top *)look;
	struct km_mem_info info = { 0 };
	int rc = view_info(look->scan.view, &info);

	if (rc != 0)
		return rc;
	pools_add_info(look->row, &info, 1);
	return site_sums_init(&top->sums, look->scan.view);
}

static bool top_block(struct look *look, const struct view_block *block)
{
	struct top *top = (struct top *)look;

	if (block->is_free) {
		if (block->room > top->largest_free)
			top->largest_free = block->room;
		return true;
	}
	site_sums_add(&top->sums, block);
	top->blocks++;
	top->bytes += block->size;
	return true;
}

static void top_damage(struct look *look, const struct scan_damage *damage)
{
	struct top *top = (struct top *)look;
	struct json_object *row = json_object_new_object();

	if (top->damage == NULL)
		top->damage = json_object_new_array();
	pools_add_damage(row, look->scan.view, damage);
	json_object_array_add(top->damage, row);
}

/* Of all bytes, or of all blocks: what the order is about. */
static void add_share(
    struct json_object *row, const struct top *top, const struct site_sum *sum)
{
	uint64_t part = top->order == SITES_BY_SIZE ? sum->size : sum->count;
	uint64_t all = top->order == SITES_BY_SIZE ? top->bytes : top->blocks;
	double share = all > 0 ? 100.0 * (double)part / (double)all : 0;
	char text[32];

	snprintf(text, sizeof(text), "%.1f", share);
	json_object_object_add(
	    row, "share", json_object_new_double_s(share, text));
}

static struct json_object *site_row(
    const struct top *top, const struct site_sum *sum)
{
	struct json_object *row = json_object_new_object();
	struct json_object *ages = json_object_new_object();

	pools_add_site(row, "site", top->look.scan.view, sum->site);
	add_uint(row, "bytes", sum->size);
	add_uint(row, "blocks", sum->count);
	add_share(row, top, sum);
	add_uint(row, "oldest", sum->oldest);
	add_uint(row, "newest", sum->newest);
	for (int i = 0; i < AGE_CLASS__COUNT; i++)
		add_uint(ages, age_class_names[i], sum->of_age[i]);
	json_object_object_add(row, "ages", ages);
	return row;
}

/* The sites that are not shown. */
static struct json_object *others_row(
    const struct site_sums *sums, uint32_t from)
{
	struct json_object *row = json_object_new_object();
	uint64_t bytes = 0, blocks = 0;

	for (uint32_t i = from; i < sums->n; i++) {
		bytes += sums->sum[i].size;
		blocks += sums->sum[i].count;
	}
	add_uint(row, "sites", sums->n - from);
	add_uint(row, "bytes", bytes);
	add_uint(row, "blocks", blocks);
	return row;
}

static void top_end(struct look *look)
{
	struct top *top = (struct top *)look;
	struct json_object *sites = json_object_new_array();
	uint32_t n;

	site_sums_sort(&top->sums, top->order);
	n = top->sums.n < top->count ? top->sums.n : top->count;
	for (uint32_t i = 0; i < n; i++)
		json_object_array_add(sites, site_row(top, &top->sums.sum[i]));
	add_uint(look->row, "largest_free", top->largest_free);
	add_uint(look->row, "blocks", top->blocks);
	add_uint(look->row, "bytes", top->bytes);
	if (top->damage != NULL)
		json_object_object_add(look->row, "damage", top->damage);
	top->damage = NULL;
	json_object_object_add(look->row, "sites", sites);
	json_object_object_add(look->row, "others", others_row(&top->sums, n));
}

static void top_fini(struct look *look)
{
	struct top *top = (struct top *)look;

	site_sums_fini(&top->sums);
	json_object_put(top->damage);
}

static const struct look_ops ops = {
	.what = SCAN_ALL,
	.is_single = true,
	.begin = top_begin,
	.block = top_block,
	.damage = top_damage,
	.end = top_end,
	.fini = top_fini,
};

/* ---- what is asked ------------------------------------------------------ */

/* The parameters that are there, in their order, whatever their places. */
struct words {
	struct json_object *word[4 + 1]; /* NULL behind the last */
	size_t n, at;
};

static bool take_word(struct words *words, const char *text)
{
	struct json_object *word = words->word[words->at];

	if (words->at == words->n ||
	    !json_object_is_type(word, json_type_string) ||
	    strcmp(json_object_get_string(word), text) != 0)
		return false;
	words->at++;
	return true;
}

static bool take_number(struct words *words, int64_t *number)
{
	struct json_object *word = words->word[words->at];

	if (words->at == words->n || !json_object_is_type(word, json_type_int))
		return false;
	*number = json_object_get_int64(word);
	words->at++;
	return true;
}

static bool fail_words(struct rpc_call *call, const char *what)
{
	rpc_fail_param(call, RPC_INVALID_PARAMS, NULL, HINT, "%s", what);
	return false;
}

static bool fail_word(struct rpc_call *call, struct json_object *word)
{
	rpc_fail_param(call, RPC_INVALID_PARAMS, NULL, HINT,
	    "%s is not understood here", json_object_to_json_string(word));
	return false;
}

static bool parse_pool(
    struct rpc_call *call, struct words *words, struct look_where *where)
{
	int64_t pid = 0;
	/* By name, a pid alone says pkg. */
	bool is_pkg = take_word(words, "pkg") ||
		      (!rpc_arg_has(call, 0) && rpc_arg_has(call, 1));

	if (!is_pkg) {
		take_word(words, "shm");
		return look_where_parse(call, "shm", 0, where);
	}
	if (!take_number(words, &pid) || pid == 0)
		return fail_words(call, "pkg is followed by a pid");
	return look_where_parse(call, "pkg", pid, where);
}

static bool parse(
    struct rpc_call *call, struct top *top, struct look_where *where)
{
	struct words words = { 0 };
	int64_t count = COUNT_DEFAULT;

	for (size_t i = 0; i < 4; i++)
		if (rpc_arg_has(call, i))
			words.word[words.n++] = rpc_arg_any(call, i);
	if (!parse_pool(call, &words, where))
		return false;
	if (take_word(&words, "blocks"))
		top->order = SITES_BY_COUNT;
	else
		take_word(&words, "bytes");
	if (take_number(&words, &count) && (count < 1 || count > COUNT_MAX))
		return fail_words(call, "count is from 1 to 10000");
	top->count = (uint32_t)count;
	if (words.at < words.n)
		return fail_word(call, words.word[words.at]);
	return true;
}

void mem_top(struct rpc_call *call)
{
	struct top *top = calloc(1, sizeof(*top));
	struct look_where where = { 0 };

	if (top != NULL && !parse(call, top, &where)) {
		free(top);
		return;
	}
	look_start((struct look *)top, call, &ops, where);
}
