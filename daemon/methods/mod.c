/* SPDX-License-Identifier: ISC */
/* mod.c - mod.stats: what modules hold, by call site. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/methods/json.h"
#include "daemon/methods/look.h"
#include "daemon/methods/methods.h"
#include "daemon/methods/pools.h"
#include "mem/status.h"

#define ALL	  "all"
#define HINT_SIZE 512

struct mod {
	struct look look; /* first */
	char module[64];  /* as in struct view_site; "": all */
	struct site_sums sums;
	char seen[HINT_SIZE]; /* names of modules that hold something */
};

static int mod_begin(struct look *look)
{
	struct mod *mod = (struct mod *)look;

	return site_sums_init(&mod->sums, look->scan.view);
}

static bool mod_block(struct look *look, const struct view_block *block)
{
	site_sums_add(&((struct mod *)look)->sums, block);
	return true;
}

static void mod_damage(struct look *look, const struct scan_damage *damage)
{
	add_bool(look->row, "damaged", true);
}

/* The row of a module in this pool: "Module", whose, then its sites. */
static struct json_object *new_row(const struct look *look, const char *name)
{
	struct json_object *row = json_object_new_object();

	add_text(row, "Module", name);
	json_object_object_foreach(look->row, key, value)
	    json_object_object_add(row, key, json_object_get(value));
	json_object_object_add(row, "sites", json_object_new_object());
	return row;
}

static struct json_object *find_row(
    struct json_object *rows, const struct look *look, const char *name)
{
	struct json_object *row, *module;

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		module = json_object_object_get(row, "Module");
		if (strcmp(json_object_get_string(module), name) == 0)
			return row;
	}
	row = new_row(look, name);
	json_object_array_add(rows, row);
	return row;
}

/* Two sites may have the same name: lines of a macro, or files alike. */
static void add_size(struct json_object *sites, const char *name, uint64_t size)
{
	size += json_object_get_uint64(json_object_object_get(sites, name));
	add_uint(sites, name, size);
}

static void note_name(struct mod *mod, const char *name)
{
	size_t len = strlen(mod->seen), name_len = strlen(name);
	char *at = mod->seen;

	while ((at = strstr(at, name)) != NULL) {
		at += name_len;
		if (*at == ',' || *at == '\0')
			return;
	}
	snprintf(mod->seen + len, sizeof(mod->seen) - len, "%s%s",
	    len > 0 ? ", " : "", name);
}

static void add_site(
    struct mod *mod, struct json_object *rows, const struct site_sum *sum)
{
	struct json_object *sites;
	struct view_site site;
	char name[160];

	view_site(mod->look.scan.view, sum->site, &site);
	note_name(mod, site.mname);
	if (mod->module[0] != '\0' && strcmp(mod->module, site.mname) != 0)
		return;
	sites = json_object_object_get(
	    find_row(rows, &mod->look, site.mname), "sites");
	snprintf(name, sizeof(name), "%s(%u)", site.func, site.line);
	add_size(sites, name, sum->size);
}

static void add_total(struct json_object *row)
{
	struct json_object *sites = json_object_object_get(row, "sites");
	uint64_t total = 0;

	json_object_object_foreach(sites, key, value)
	{
		(void)key;
		total += json_object_get_uint64(value);
	}
	add_uint(sites, "Total", total);
}

static void mod_end(struct look *look)
{
	struct mod *mod = (struct mod *)look;
	struct json_object *rows = json_object_new_array();

	site_sums_sort(&mod->sums, SITES_BY_SIZE);
	for (uint32_t i = 0; i < mod->sums.n; i++)
		add_site(mod, rows, &mod->sums.sum[i]);
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		add_total(row);
		json_object_array_add(look->rows, json_object_get(row));
	}
	json_object_put(rows);
	json_object_put(look->row);
	look->row = NULL;
	site_sums_fini(&mod->sums);
}

static bool mod_fail(struct look *look)
{
	struct mod *mod = (struct mod *)look;

	if (json_object_array_length(look->rows) > 0 || mod->module[0] == '\0')
		return false;
	rpc_fail_param(look->call, RPC_NOT_FOUND, "module",
	    mod->seen[0] != '\0' ? mod->seen : "no module has one",
	    "no live block is of a module \"%s\"", mod->module);
	return true;
}

static void mod_fini(struct look *look)
{
	site_sums_fini(&((struct mod *)look)->sums);
}

static const struct look_ops ops = {
	.what = SCAN_LIVE,
	.begin = mod_begin,
	.block = mod_block,
	.damage = mod_damage,
	.end = mod_end,
	.fail = mod_fail,
	.fini = mod_fini,
};

static void mod_stats(struct rpc_call *call)
{
	const char *module = rpc_arg_string(call, 0);
	struct look_where where;
	struct mod *mod;

	if (!look_where_parse(call, rpc_arg_string(call, 1), 0, &where))
		return;
	mod = calloc(1, sizeof(*mod));
	if (mod != NULL && module != NULL && strcmp(module, ALL) != 0)
		snprintf(mod->module, sizeof(mod->module), "%s", module);
	look_start((struct look *)mod, call, &ops, where);
}

static const struct rpc_param stats_params[] = {
	{ "module", RPC_STRING, .optional = true, .help = "its name, or " ALL },
	{ "pool", RPC_STRING, .optional = true, .help = "pkg, shm or all" },
	{ NULL },
};

const struct rpc_method mod_methods[] = {
	{ "mod.stats", mod_stats, stats_params, RPC_ROLE_READ,
	    "a struct for each module in each pool",
	    "bytes that modules hold, by function and line",
	    "pkg is that of each process. Names that modules have are those "
	    "of their call sites; the service itself is core." },
	{ NULL },
};
