/* SPDX-License-Identifier: ISC */
/* status.c - a pool's blocks as lines for the log. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "mem/heap.h"
#include "mem/mem.h"
#include "mem/status.h"

const char *status_head(
    struct view *view, const struct km_mem_info *info, char *buf, size_t size)
{
	const struct km_pool *pool = view_header(view);

	snprintf(buf, size,
	    "%s (%s): heap size= %zu, used= %zu, used+overhead= %zu, free= "
	    "%zu, max used (+overhead)= %zu, blocks= %zu, free fragments= %zu",
	    pool->name, view_manager(view), info->total, info->used,
	    info->real_used, info->free, info->max_used, info->blocks,
	    info->fragments);
	return buf;
}

const char *status_block(struct view *view, uint64_t n,
    const struct view_block *block, char *buf, size_t size)
{
	char site[VIEW_SITE_SIZE];

	if (block->is_free) {
		snprintf(buf, size,
		    " %" PRIu64 ". F address=%#" PRIx64 " room=%zu", n,
		    block->addr, block->room);
		return buf;
	}
	snprintf(buf, size,
	    " %" PRIu64 ". N address=%#" PRIx64 " size=%zu room=%zu age=%us "
	    "owner=%u from %s",
	    n, block->addr, block->size, block->room, block->age, block->owner,
	    view_site_text(view, block->site, site, sizeof(site)));
	return buf;
}

const char *status_sum(
    struct view *view, const struct site_sum *sum, char *buf, size_t size)
{
	char site[VIEW_SITE_SIZE];

	snprintf(buf, size,
	    " count=%6" PRIu64 " size=%10" PRIu64 " bytes from %s", sum->count,
	    sum->size, view_site_text(view, sum->site, site, sizeof(site)));
	return buf;
}

const char *status_damage(
    struct view *view, uint64_t off, uint64_t bytes, char *buf, size_t size)
{
	uint64_t addr = view_header(view)->base + off;

	snprintf(buf, size,
	    " damaged: from %#" PRIx64 " to %#" PRIx64 ", %" PRIu64 " bytes",
	    addr, addr + bytes, bytes);
	return buf;
}

/* A view of this process's own pool; NULL when there is none. */
static struct view *open_own(enum km_pool_kind kind)
{
	const struct km_pool *pool = pool_in_use(kind);
	struct view *view;

	if (!km_log_is_on(km_tune->memlog))
		return NULL;
	if (pool == NULL || view_open_map(pool, pool->max_size, &view) != 0) {
		km_log(km_tune->memlog, "%s: no pool", heap_kind_name(kind));
		return NULL;
	}
	return view;
}

static void log_head(struct view *view)
{
	char line[STATUS_LINE_SIZE];
	struct km_mem_info info;

	if (view_info(view, &info) == 0)
		km_log(km_tune->memlog, "%s",
		    status_head(view, &info, line, sizeof(line)));
}

static void log_line(const char *line)
{
	km_log(km_tune->memlog, "%s", line);
}

/* The next block, behind damage if need be. False at the end of the pool. */
static bool next_block(
    struct view *view, struct view_walk *walk, struct view_block *block)
{
	char line[STATUS_LINE_SIZE];

	for (;;) {
		int rc = view_next(view, walk, block);
		uint64_t off = walk->next;

		if (rc >= 0)
			return rc == 1;
		if (view_resync(view, walk) != 1)
			walk->next = view_header(view)->size;
		log_line(status_damage(
		    view, off, walk->next - off, line, sizeof(line)));
		if (walk->next == view_header(view)->size)
			return false;
	}
}

void status_log(enum km_pool_kind kind, uint64_t max)
{
	struct view_walk walk = { .with_free = km_tune->mem_status_mode != 0 };
	struct view *view = open_own(kind);
	char line[STATUS_LINE_SIZE];
	struct view_block block;
	uint64_t n = 0;

	if (view == NULL)
		return;
	log_head(view);
	for (; next_block(view, &walk, &block); n++)
		if (n < max)
			log_line(
			    status_block(view, n, &block, line, sizeof(line)));
	if (n > max)
		km_log(km_tune->memlog,
		    "%" PRIu64 " more are not written now: mem_dump_%s has all",
		    n - max, heap_kind_name(kind));
	view_close(&view);
}

static int sum_up(struct view *view, struct site_sums *sums)
{
	struct view_walk walk = { 0 };
	struct view_block block;
	int rc = site_sums_init(sums, view);

	if (rc != 0)
		return rc;
	while (next_block(view, &walk, &block))
		site_sums_add(sums, &block);
	site_sums_sort(sums, SITES_BY_SIZE);
	return 0;
}

void status_log_sums(enum km_pool_kind kind)
{
	struct view *view = open_own(kind);
	struct site_sums sums = { 0 };
	char line[STATUS_LINE_SIZE];

	if (view == NULL)
		return;
	log_head(view);
	if (sum_up(view, &sums) != 0)
		log_line("sums: out of memory");
	for (uint32_t i = 0; i < sums.n; i++)
		log_line(status_sum(view, &sums.sum[i], line, sizeof(line)));
	site_sums_fini(&sums);
	view_close(&view);
}

int status_most(
    const struct km_pool *pool, struct site_sum *most, uint64_t *used)
{
	struct site_sums sums = { 0 };
	struct view *view;
	int rc;

	rc = view_open_map(pool, pool->max_size, &view);
	if (rc != 0)
		return rc;
	rc = sum_up(view, &sums);
	if (rc == 0 && sums.n == 0)
		rc = -KM_ENOENT;
	*used = 0;
	for (uint32_t i = 0; rc == 0 && i < sums.n; i++)
		*used += sums.sum[i].size;
	if (rc == 0)
		*most = sums.sum[0];
	site_sums_fini(&sums);
	view_close(&view);
	return rc;
}

/* ---- what mem_summary asks for ------------------------------------------ */

void status_log_short(enum km_pool_kind kind)
{
	struct km_mem_info info;

	heap_info(kind, &info);
	km_log(km_tune->memlog,
	    "%s: total %zu free %zu used %zu real_used %zu max_used %zu "
	    "fragments %zu blocks %zu",
	    heap_kind_name(kind), info.total, info.free, info.used,
	    info.real_used, info.max_used, info.fragments, info.blocks);
}

const struct summary_bits summary_bits[] = {
	[KM_PKG] = { KM_SUMMARY_PKG_STATUS, KM_SUMMARY_PKG_SUMS },
	[KM_SHM] = { KM_SUMMARY_SHM_STATUS, KM_SUMMARY_SHM_SUMS },
};

/* With the bit SHORT, a status is one line; the sums are as they are. */
void status_log_summary(enum km_pool_kind kind, uint64_t max)
{
	int bits = km_tune->mem_summary;

	if ((bits & summary_bits[kind].status) != 0) {
		if ((bits & KM_SUMMARY_SHORT) != 0)
			status_log_short(kind);
		else
			status_log(kind, max);
	}
	if ((bits & summary_bits[kind].sums) != 0)
		status_log_sums(kind);
}
