/* SPDX-License-Identifier: ISC */
/* view.c - reading a pool through whatever gives its bytes. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "mem/manager.h"
#include "mem/site_table.h"
#include "mem/view.h"

struct view {
	struct view_source source;
	struct km_pool header;
	const struct manager *manager;
	uint32_t now;
};

/*
 * A view trusts nothing that it reads, so others may write meanwhile. TSan is
 * told here, not by a suppression: that needs a stack, which it may have lost.
 */
#ifdef __SANITIZE_THREAD__
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
#else
#define AnnotateIgnoreReadsBegin(file, line)
#define AnnotateIgnoreReadsEnd(file, line)
#endif

static int map_read(void *arg, uint64_t off, void *to, size_t len)
{
	AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
	memcpy(to, (const char *)arg + off, len);
	AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
	return 0;
}

int view_read(struct view *view, uint64_t off, void *to, size_t len)
{
	size_t size = view->source.size;

	if (off > size || len > size - off)
		return -KM_ERANGE;
	return view->source.read(view->source.arg, off, to, len);
}

static const char *what_is_wrong(const struct km_pool *pool, size_t size)
{
	const struct manager *manager = manager_at(pool->manager);

	if (manager == NULL)
		return "unknown manager";
	if (pool->size > size || pool->max_size < pool->size)
		return "the size in its header is not its own";
	if (pool->size < manager->min_size ||
	    pool->data.bytes > pool->size - manager->min_size)
		return "its data begin behind its end";
	if (pool->n_slots == 0 || pool->n_sites == 0 ||
	    pool->slots.bytes > pool->size || pool->sites.bytes > pool->size ||
	    pool->n_slots > pool->size / sizeof(struct pool_slot) ||
	    pool->n_sites > pool->size / sizeof(struct site_row))
		return "a table is larger than the pool";
	if (pool->kind >= KM_POOL_KIND__COUNT)
		return "neither pkg nor shm";
	return NULL;
}

static int check_header(const struct km_pool *pool, size_t size)
{
	const char *wrong;

	if (pool->magic != POOL_MAGIC) {
		LM_ERR("view: no pool: it does not begin with the magic");
		return -KM_ECORRUPT;
	}
	if (pool->abi != POOL_ABI || pool->layout_hash != pool_layout_hash()) {
		LM_ERR("view: the pool has ABI %u, layout %08x; this program "
		       "reads ABI %u, layout %08x",
		    pool->abi, pool->layout_hash, POOL_ABI, pool_layout_hash());
		return -KM_EABI;
	}
	wrong = what_is_wrong(pool, size);
	if (wrong != NULL) {
		LM_ERR("view: damaged pool: %s", wrong);
		return -KM_ECORRUPT;
	}
	return 0;
}

int view_open(const struct view_source *source, struct view **out)
{
	struct view *view = calloc(1, sizeof(*view));
	struct timespec now;
	int rc = -KM_ENOMEM;

	if (view == NULL)
		return rc;
	view->source = *source;
	rc = view_read(view, 0, &view->header, sizeof(view->header));
	if (rc == 0)
		rc = check_header(&view->header, source->size);
	if (rc != 0)
		goto out;
	/* Names are texts whoever wrote them. */
	view->header.name[POOL_NAME_SIZE - 1] = '\0';
	view->manager = manager_at(view->header.manager);
	clock_gettime(CLOCK_BOOTTIME, &now);
	view->now = (uint32_t)now.tv_sec;
	*out = view;
	return 0;
out:
	free(view);
	return rc;
}

int view_open_map(const void *map, size_t size, struct view **view)
{
	struct view_source source = {
		.read = map_read,
		.arg = (void *)(uintptr_t)map,
		.size = size,
	};

	return view_open(&source, view);
}

void view_close(struct view **view)
{
	free(*view);
	*view = NULL;
}

const struct km_pool *view_header(const struct view *view)
{
	return &view->header;
}

const char *view_manager(const struct view *view)
{
	return view->manager->name;
}

uint32_t view_now(const struct view *view)
{
	return view->now;
}

static bool sums_make_sense(const struct km_mem_info *info)
{
	return info->free <= info->total && info->used <= info->real_used &&
	       info->real_used <= info->max_used &&
	       info->max_used <= info->total;
}

int view_info(struct view *view, struct km_mem_info *info)
{
	int rc = view->manager->info(view, info);

	return rc == 0 && !sums_make_sense(info) ? -KM_ECORRUPT : rc;
}

int view_own_info(struct km_pool *pool, struct km_mem_info *info)
{
	struct view *view;
	int rc = view_open_map(pool, pool->max_size, &view);

	if (rc != 0)
		return rc;
	rc = view_info(view, info);
	view_close(&view);
	return rc;
}

int view_next(
    struct view *view, struct view_walk *walk, struct view_block *block)
{
	return view->manager->walk(view, walk, block);
}

int view_inspect(
    struct view *view, const struct view_block *block, struct misuse *finding)
{
	return view->manager->inspect(view, block, finding);
}

int view_resync(struct view *view, struct view_walk *walk)
{
	return view->manager->resync(view, walk);
}

static void read_text(struct view *view, uint32_t off, char *to, size_t size)
{
	size_t left = off < view->source.size ? view->source.size - off : 0;
	size_t len = left < size - 1 ? left : size - 1;

	if (len == 0 || view_read(view, off, to, len) != 0) {
		memcpy(to, "?", 2);
		return;
	}
	to[len] = '\0';
}

void view_site(struct view *view, uint32_t id, struct view_site *site)
{
	struct site_row row;
	uint64_t off = view->header.sites.bytes +
		       offsetof(struct site_table, row) +
		       (uint64_t)id * sizeof(row);

	if (id == SITE_UNKNOWN || id >= view->header.n_sites ||
	    view_read(view, off, &row, sizeof(row)) != 0 ||
	    row.state != SITE_ROW_READY) {
		*site = (struct view_site){ "?", "?", "?", 0 };
		return;
	}
	read_text(view, row.file, site->file, sizeof(site->file));
	read_text(view, row.func, site->func, sizeof(site->func));
	read_text(view, row.mname, site->mname, sizeof(site->mname));
	site->line = row.line;
}

const char *view_site_text(
    struct view *view, uint32_t id, char *buf, size_t size)
{
	struct view_site site;

	view_site(view, id, &site);
	snprintf(buf, size, "%s: %s: %s(%u)", site.mname, site.file, site.func,
	    site.line);
	return buf;
}

int view_slot(struct view *view, uint32_t id, struct pool_slot *slot)
{
	uint64_t off = view->header.slots.bytes + (uint64_t)id * sizeof(*slot);

	if (id >= view->header.n_slots ||
	    view_read(view, off, slot, sizeof(*slot)) != 0)
		return -KM_ENOENT;
	slot->name[POOL_NAME_SIZE - 1] = '\0';
	return 0;
}
