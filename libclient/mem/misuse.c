/* SPDX-License-Identifier: ISC */
/* misuse.c - the line about a wrong pointer, and what follows from it. */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/tune.h"
#include "mem/heap.h"
#include "mem/manager.h"
#include "mem/misuse.h"
#include "mem/site_table.h"

static const char *const texts[] = {
	[MISUSE_NONE] = "nothing wrong",
	[MISUSE_OUTSIDE] = "pointer is not in this pool",
	[MISUSE_NO_BLOCK] = "pointer is no block",
	[MISUSE_HEAD] = "head of block was overwritten",
	[MISUSE_TAIL] = "tail of block was overwritten",
	[MISUSE_FREED] = "block is free already",
};
_Static_assert(
    sizeof(texts) / sizeof(texts[0]) == MISUSE__COUNT, "a text for each");

const char *misuse_text(enum misuse_kind kind)
{
	return texts[kind];
}

void misuse_show_found(
    struct misuse *misuse, const void *bytes, size_t n, int64_t at)
{
	if (n > sizeof(misuse->found))
		n = sizeof(misuse->found);
	memcpy(misuse->found, bytes, n);
	misuse->n_found = (uint32_t)n;
	misuse->found_at = at;
}

const char *misuse_found(const struct misuse *misuse, char *buf, size_t size)
{
	unsigned char byte[sizeof(misuse->found)];
	char hex[3 * sizeof(byte) + 1], text[sizeof(byte) + 1] = "";

	size_t n = misuse->n_found;

	if (n == 0)
		return memcpy(buf, "", 1);
	memcpy(byte, misuse->found, sizeof(byte));
	for (size_t i = 0; i < n; i++) {
		snprintf(hex + 3 * i, 4, " %02x", byte[i]);
		text[i] =
		    isascii(byte[i]) && isprint(byte[i]) ? (char)byte[i] : '.';
	}
	snprintf(buf, size, "at byte %" PRId64 ":%s \"%s\"", misuse->found_at,
	    hex, text);
	return buf;
}

/*
 * Most pointers that are not of this pool are of the process's other one,
 * which knows what they are.
 */
static const struct km_pool *look_elsewhere(
    const struct km_pool *pool, const void *p, struct misuse *there)
{
	struct km_pool *other =
	    pool_in_use(pool->kind == KM_PKG ? KM_SHM : KM_PKG);

	if (other == NULL || (uintptr_t)p - (uintptr_t)other >= other->size)
		return NULL;
	manager_at(other->manager)->look(other, p, there);
	return other;
}

/* ", behind ADDRESS of size N, allocated at PLACE, ...": who did it. */
static const char *culprit(const struct km_pool *pool,
    const struct misuse *misuse, char *buf, size_t size)
{
	char at[SITE_LINE_SIZE];

	if (misuse->before == NULL)
		return "";
	snprintf(buf, size,
	    ", behind %p of size %" PRIu64
	    ", allocated at %s, whose tail was overwritten too",
	    misuse->before, misuse->before_size,
	    site_row_line(pool, misuse->before_site, at, sizeof(at)));
	return buf;
}

void misuse_report(const struct km_pool *pool, const struct misuse *misuse,
    const char *call, uint32_t site)
{
	char by[SITE_LINE_SIZE], at[SITE_LINE_SIZE], freed[SITE_LINE_SIZE];
	char found[MISUSE_FOUND_SIZE], who[SITE_LINE_SIZE + 128];
	const struct km_pool *of = pool;
	struct misuse what = *misuse;
	char text[64];

	snprintf(text, sizeof(text), "%s", misuse_text(misuse->kind));
	if (misuse->kind == MISUSE_OUTSIDE) {
		of = look_elsewhere(pool, misuse->block, &what);
		if (of != NULL)
			snprintf(text, sizeof(text),
			    "pointer is of the %s pool",
			    heap_kind_name(of->kind));
	}
	misuse_found(&what, found, sizeof(found));
	LM_BUG("BUG: %s_%s(%p) at %s: %s: size %" PRIu64 ", allocated at %s, "
	       "freed at %s%s%s%s, pid %d%s",
	    heap_kind_name(pool->kind), call, misuse->block,
	    site_row_line(pool, site, by, sizeof(by)), text, what.size,
	    site_row_line(of, what.site, at, sizeof(at)),
	    site_row_line(of, what.freed_site, freed, sizeof(freed)),
	    found[0] != '\0' ? ", found " : "", found,
	    culprit(pool, misuse, who, sizeof(who)), (int)getpid(),
	    km_tune->mem_safety != 0 ? "" : ": aborting (mem_safety=0)");
	if (km_tune->mem_safety == 0)
		abort();
}
