/* SPDX-License-Identifier: ISC */
/* misuse.c - the line about a wrong pointer, and what follows from it. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/tune.h"
#include "mem/misuse.h"
#include "mem/site_table.h"

#define SITE_TEXT_SIZE 512 /* bytes of "module: file: function(line)" */

static const char *const texts[] = {
	[MISUSE_NONE] = "nothing wrong",
	[MISUSE_OUTSIDE] = "pointer is not in this pool",
	[MISUSE_NO_BLOCK] = "pointer is no block, or one joined after its free",
	[MISUSE_HEAD] = "head of block was overwritten",
	[MISUSE_TAIL] = "tail of block was overwritten",
	[MISUSE_FREED] = "block is free already",
};
_Static_assert(
    sizeof(texts) / sizeof(texts[0]) == MISUSE__COUNT, "a text for each");

static const char *site_text(
    const struct km_pool *pool, uint32_t id, char *buf, size_t size)
{
	const struct site_row *row = site_row_at(pool, id);

	if (row == NULL)
		return "?";
	snprintf(buf, size, "%s: %s: %s(%" PRIu32 ")",
	    site_row_text(pool, row->mname), site_row_text(pool, row->file),
	    site_row_text(pool, row->func), row->line);
	return buf;
}

void misuse_report(const struct km_pool *pool, const struct misuse *misuse,
    const char *call, uint32_t site)
{
	char by[SITE_TEXT_SIZE], at[SITE_TEXT_SIZE], freed[SITE_TEXT_SIZE];
	enum km_pool_kind other = pool->kind == KM_PKG ? KM_SHM : KM_PKG;
	const struct km_pool *alien = pool_in_use(other);
	uintptr_t p = (uintptr_t)misuse->block;
	const char *text = texts[misuse->kind];

	if (misuse->kind == MISUSE_OUTSIDE && alien != NULL &&
	    p - (uintptr_t)alien < alien->size)
		text = other == KM_PKG ? "pointer is of the pkg pool"
				       : "pointer is of the shm pool";
	LM_BUG("BUG: %s(%p) at %s: %s: size %" PRIu64 ", allocated at %s, "
	       "freed at %s, found %016" PRIx64 " %016" PRIx64 ", pid %d%s",
	    call, misuse->block, site_text(pool, site, by, sizeof(by)), text,
	    misuse->size, site_text(pool, misuse->site, at, sizeof(at)),
	    site_text(pool, misuse->freed_site, freed, sizeof(freed)),
	    misuse->found[0], misuse->found[1], (int)getpid(),
	    km_tune->mem_safety != 0 ? "" : ": aborting (mem_safety=0)");
	if (km_tune->mem_safety == 0)
		abort();
}
