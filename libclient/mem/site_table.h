/* SPDX-License-Identifier: ISC */
/* site_table.h - the sites of a pool, by number. */
#ifndef KMEM_MEM_SITE_TABLE_H
#define KMEM_MEM_SITE_TABLE_H
/*
 * Texts are copied into the pool, since a pointer of one program means nothing
 * in another.  Rows are only ever added.  The row's number is its place in an
 * open hash table, so to find a site is to hash it.
 *
 *   | rows | index of the texts | texts: n_sites * SITE_TEXT_SHARE bytes |
 *     n_sites  n_sites
 *
 * A text that sites have in common is there once: the index is an open hash
 * table of those that are complete.
 *
 * Lifetime: as the pool.
 * Concurrency: any number of threads and processes, without a lock.  A row is
 * claimed by CAS and published when its texts are complete.  A kill between
 * the two leaves a claimed row, which is passed over for ever: at worst one
 * row and its texts are wasted, and the site gets another row.
 */
#include <stdint.h>

#include "mem/pool.h"

#define SITE_UNKNOWN	0   /* row 0 is never used */
#define SITE_TEXT_SHARE 20  /* bytes of text per row, on average */
#define SITE_TEXT_MAX	255 /* bytes of one text; longer ones lose their head */

enum site_row_state {
	SITE_ROW_FREE,
	SITE_ROW_CLAIMED,
	SITE_ROW_READY,
};

struct site_row {
	uint32_t state; /* enum site_row_state */
	uint32_t hash;
	uint32_t line;
	uint32_t file; /* offsets of the texts, from the pool's header */
	uint32_t func;
	uint32_t mname;
};

struct site_table {
	uint64_t text_used; /* bytes */
	uint64_t text_size;
	pool_off text;
	pool_off index; /* uint32_t each: where a text is; 0: free */
	struct site_row row[];
};

/* Rows worth having in a pool of this size, and the bytes they take. */
uint32_t site_table_rows(size_t pool_size);
size_t site_table_size(uint32_t n_rows);

/* Set up in zero-filled memory, at pool->sites. */
void site_table_init(struct km_pool *pool);

/* Find or add. Returns the row, SITE_UNKNOWN when the table is full. */
uint32_t site_intern(struct km_pool *pool, struct km_site *site);

/* The row of a number that site_intern() gave, NULL for SITE_UNKNOWN. */
const struct site_row *site_row_at(const struct km_pool *pool, uint32_t id);

/*
 * "module: file: function(line)" of a row into buf, "?" when it is not known,
 * or when pool is NULL. Returns what is to be shown.
 */
#define SITE_LINE_SIZE 512 /* bytes worth having */
const char *site_row_line(
    const struct km_pool *pool, uint32_t id, char *buf, size_t size);

/* A text of a row, in this process. */
const char *site_row_text(const struct km_pool *pool, uint32_t off);

#endif
