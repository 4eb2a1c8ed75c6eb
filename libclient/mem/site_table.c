/* SPDX-License-Identifier: ISC */
/* site_table.c - interning of call sites. */
#include "config.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "mem/site_table.h"

#define ROWS_MIN      256
#define ROWS_MAX      16384
#define BYTES_PER_ROW 16384 /* of pool: the table takes about 0.3 % */
#define PROBES_MAX    64    /* rows looked at before the table counts as full */
#define FNV_BASIS     2166136261u /* FNV-1a, 32 bits */
#define FNV_PRIME     16777619u

uint32_t site_table_rows(size_t pool_size)
{
	size_t rows = pool_size / BYTES_PER_ROW;

	if (rows < ROWS_MIN)
		return ROWS_MIN;
	return rows > ROWS_MAX ? ROWS_MAX : (uint32_t)rows;
}

size_t site_table_size(uint32_t n_rows)
{
	return sizeof(struct site_table) +
	       n_rows * (sizeof(struct site_row) + sizeof(uint32_t) +
			    SITE_TEXT_SHARE);
}

static struct site_table *table_of(const struct km_pool *pool)
{
	return pool_at(pool, pool->sites);
}

void site_table_init(struct km_pool *pool)
{
	struct site_table *table = table_of(pool);

	table->index.bytes = pool->sites.bytes + sizeof(*table) +
			     pool->n_sites * sizeof(struct site_row);
	table->text.bytes =
	    table->index.bytes + pool->n_sites * sizeof(uint32_t);
	table->text_size = (uint64_t)pool->n_sites * SITE_TEXT_SHARE;
	/* Byte 0 is the text of what did not fit: "". */
	table->text_used = 1;
}

const char *site_row_text(const struct km_pool *pool, uint32_t off)
{
	return (const char *)pool + off;
}

const struct site_row *site_row_at(const struct km_pool *pool, uint32_t id)
{
	if (id == SITE_UNKNOWN || id >= pool->n_sites)
		return NULL;
	return &table_of(pool)->row[id];
}

const char *site_row_line(
    const struct km_pool *pool, uint32_t id, char *buf, size_t size)
{
	const struct site_row *row =
	    pool != NULL ? site_row_at(pool, id) : NULL;

	/* A number found in a damaged block may be that of an empty row. */
	if (row == NULL || row->state != SITE_ROW_READY)
		return "?";
	snprintf(buf, size, "%s: %s: %s(%" PRIu32 ")",
	    site_row_text(pool, row->mname), site_row_text(pool, row->file),
	    site_row_text(pool, row->func), row->line);
	return buf;
}

static const char *tail_of(const char *text)
{
	size_t len;

	if (text == NULL)
		return "";
	len = strlen(text);
	return len > SITE_TEXT_MAX ? text + len - SITE_TEXT_MAX : text;
}

static uint32_t hash_text(uint32_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
	return hash * FNV_PRIME;
}

static uint32_t hash_site(const struct km_site *site)
{
	uint32_t hash = (FNV_BASIS ^ site->line) * FNV_PRIME;

	hash = hash_text(hash, tail_of(site->file));
	hash = hash_text(hash, tail_of(site->func));
	return hash_text(hash, tail_of(site->mname));
}

/* One that did not fit is as good as alike: the hash of the site is. */
static bool text_is(const struct km_pool *pool, uint32_t off, const char *text)
{
	return off == table_of(pool)->text.bytes ||
	       strcmp(site_row_text(pool, off), tail_of(text)) == 0;
}

static bool row_is(const struct km_pool *pool, const struct site_row *row,
    const struct km_site *site)
{
	return row->line == site->line &&
	       text_is(pool, row->file, site->file) &&
	       text_is(pool, row->func, site->func) &&
	       text_is(pool, row->mname, site->mname);
}

/* Copy a text in; when texts are full, "" stands for it. */
static uint32_t text_add(
    struct site_table *table, struct km_pool *pool, const char *text)
{
	size_t len = strlen(text) + 1;
	uint64_t at;

	if (__atomic_load_n(&table->text_used, __ATOMIC_RELAXED) + len >
	    table->text_size)
		return (uint32_t)table->text.bytes;
	at = __atomic_fetch_add(&table->text_used, len, __ATOMIC_RELAXED);
	if (at + len > table->text_size)
		return (uint32_t)table->text.bytes;
	at += table->text.bytes;
	memcpy((char *)pool + at, text, len);
	return (uint32_t)at;
}

/* False: *at is another text, complete, which was there first. */
static bool text_publish(uint32_t *entry, uint32_t own, uint32_t *at)
{
	*at = 0;
	return __atomic_compare_exchange_n(
	    entry, at, own, false, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE);
}

static bool row_claim(struct site_row *row)
{
	uint32_t state = SITE_ROW_FREE;

	return __atomic_compare_exchange_n(&row->state, &state,
	    SITE_ROW_CLAIMED, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/*
 * Sites of a file, function or module have texts in common: kept once. A kill
 * before a text is in the index leaves bytes that nobody reads.
 */
static uint32_t text_intern(struct km_pool *pool, const char *text)
{
	struct site_table *table = table_of(pool);
	uint32_t *index = pool_at(pool, table->index), own = 0, at;
	uint32_t hash;

	text = tail_of(text);
	if (table->index.bytes == 0) /* a chunk of an older libkmem */
		return text_add(table, pool, text);
	hash = hash_text(FNV_BASIS, text);
	for (uint32_t probe = 0; probe < PROBES_MAX; probe++) {
		uint32_t *entry = &index[(hash + probe) % pool->n_sites];

		at = __atomic_load_n(entry, __ATOMIC_ACQUIRE);
		if (at == 0 && own == 0)
			own = text_add(table, pool, text);
		if (at == 0 && own == table->text.bytes)
			return own;
		if (at == 0 && text_publish(entry, own, &at))
			return own;
		/* Perhaps by another just now. */
		if (strcmp(site_row_text(pool, at), text) == 0)
			return at;
	}
	return own != 0 ? own : text_add(table, pool, text);
}

static void row_fill(struct km_pool *pool, struct site_row *row,
    const struct km_site *site, uint32_t hash)
{
	row->hash = hash;
	row->line = site->line;
	row->file = text_intern(pool, site->file);
	row->func = text_intern(pool, site->func);
	row->mname = text_intern(pool, site->mname);
	/* A kill before this line leaves a claimed row that nobody reads. */
	__atomic_store_n(&row->state, SITE_ROW_READY, __ATOMIC_RELEASE);
}

static uint32_t find_or_add(struct km_pool *pool, const struct km_site *site)
{
	struct site_table *table = table_of(pool);
	uint32_t hash = hash_site(site);

	for (uint32_t probe = 0; probe < PROBES_MAX; probe++) {
		uint32_t id = (hash + probe) % pool->n_sites;
		struct site_row *row = &table->row[id];

		if (id == SITE_UNKNOWN)
			continue;
		if (row_claim(row)) {
			row_fill(pool, row, site, hash);
			return id;
		}
		/* Claimed by another just now: perhaps the same site twice. */
		if (__atomic_load_n(&row->state, __ATOMIC_ACQUIRE) ==
			SITE_ROW_READY &&
		    row->hash == hash && row_is(pool, row, site))
			return id;
	}
	return SITE_UNKNOWN;
}

uint32_t site_intern(struct km_pool *pool, struct km_site *site)
{
	uint64_t *row = &site->row[pool->kind];
	uint64_t known = __atomic_load_n(row, __ATOMIC_RELAXED);

	if (known >> 32 != pool->generation) {
		known =
		    (uint64_t)pool->generation << 32 | find_or_add(pool, site);
		__atomic_store_n(row, known, __ATOMIC_RELAXED);
	}
	return (uint32_t)known;
}
