/* SPDX-License-Identifier: ISC */
/* trace_sites.c - interns texts as sites, by a hash of the text. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "daemon/modules/replay/trace_sites.h"

#define BUCKETS	   1024 /* a real program has some hundred sites */
#define FIRST_ROOM 64	/* sites; doubled when full */

/*
 * A row is found by its whole text.  The strings of the site itself are cut
 * from a second copy, which starts at site.mname.
 */
struct row {
	char *text;
	uint32_t next; /* index + 1 of the next in the bucket; 0: last */
};

struct trace_sites {
	struct km_site *sites;
	struct row *rows;
	uint32_t n;
	uint32_t room;
	uint32_t buckets[BUCKETS]; /* index + 1; 0: empty */
};

static uint32_t *bucket_of(struct trace_sites *table, const char *text)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619U;
	return &table->buckets[hash % BUCKETS];
}

/* Cut at the last colon before the end. Returns what follows it, or NULL. */
static char *cut_last(char *text)
{
	char *colon = strrchr(text, ':');

	if (colon == NULL || colon[1] == '\0')
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static int parse_line(const char *text, uint32_t *line)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 ||
	    value > UINT32_MAX)
		return -KM_EINVAL;
	*line = (uint32_t)value;
	return 0;
}

/* Cut the text, which stays the owner of the strings, into a site. */
static int parse(char *text, struct km_site *site)
{
	char *line = cut_last(text);
	char *func = line != NULL ? cut_last(text) : NULL;
	char *file = func != NULL ? strchr(text, ':') : NULL;

	if (file == NULL || file == text || file[1] == '\0')
		return -KM_EINVAL;
	*file++ = '\0';
	memset(site, 0, sizeof(*site));
	site->mname = text;
	site->file = file;
	site->func = func;
	return parse_line(line, &site->line);
}

static int make_room(struct trace_sites *table)
{
	uint32_t room = table->room != 0 ? table->room * 2 : FIRST_ROOM;
	struct km_site *sites;
	struct row *rows;

	if (table->n < table->room)
		return 0;
	sites = realloc(table->sites, room * sizeof(*sites));
	if (sites == NULL)
		return -KM_ENOMEM;
	table->sites = sites;
	rows = realloc(table->rows, room * sizeof(*rows));
	if (rows == NULL)
		return -KM_ENOMEM;
	table->rows = rows;
	table->room = room;
	return 0;
}

static int add(struct trace_sites *table, const char *text, uint32_t *bucket)
{
	struct row *row;
	char *parts;
	int rc = make_room(table);

	if (rc != 0)
		return rc;
	parts = strdup(text);
	if (parts == NULL)
		return -KM_ENOMEM;
	rc = parse(parts, &table->sites[table->n]);
	row = &table->rows[table->n];
	row->text = rc == 0 ? strdup(text) : NULL;
	if (row->text == NULL) {
		free(parts);
		return rc != 0 ? rc : -KM_ENOMEM;
	}
	row->next = *bucket;
	*bucket = ++table->n;
	return 0;
}

struct trace_sites *trace_sites_new(void)
{
	return calloc(1, sizeof(struct trace_sites));
}

int trace_sites_add(
    struct trace_sites *table, const char *text, uint32_t *index)
{
	uint32_t *bucket = bucket_of(table, text);
	int rc;

	for (uint32_t i = *bucket; i != 0; i = table->rows[i - 1].next) {
		if (strcmp(table->rows[i - 1].text, text) == 0) {
			*index = i - 1;
			return 0;
		}
	}
	rc = add(table, text, bucket);
	if (rc == 0)
		*index = table->n - 1;
	return rc;
}

static void rows_clear(struct trace_sites *table)
{
	for (uint32_t i = 0; i < table->n; i++)
		free(table->rows[i].text);
	table->n = 0;
	memset(table->buckets, 0, sizeof(table->buckets));
}

void trace_sites_take(
    struct trace_sites *table, struct km_site **sites, uint32_t *n_sites)
{
	*sites = table->sites;
	*n_sites = table->n;
	rows_clear(table);
	table->sites = NULL;
	free(table->rows);
	table->rows = NULL;
	table->room = 0;
}

void trace_sites_free(struct trace_sites **table)
{
	struct trace_sites *gone = *table;
	uint32_t n;

	if (gone == NULL)
		return;
	n = gone->n;
	rows_clear(gone);
	trace_sites_drop(&gone->sites, n);
	free(gone->rows);
	free(gone);
	*table = NULL;
}

void trace_sites_drop(struct km_site **sites, uint32_t n_sites)
{
	for (uint32_t i = 0; i < n_sites; i++) {
		char *parts;

		/* The struct borrows; here its strings end. */
		memcpy(&parts, &(*sites)[i].mname, sizeof(parts));
		free(parts);
	}
	free(*sites);
	*sites = NULL;
}
