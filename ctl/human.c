/* SPDX-License-Identifier: ISC */
/* human.c - sizes and times in units that people read. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/human.h"

static const struct row {
	const char *key;
	enum human_unit unit;
} rows[] = {
	{ "total", HUMAN_BYTES },
	{ "free", HUMAN_BYTES },
	{ "used", HUMAN_BYTES },
	{ "real_used", HUMAN_BYTES },
	{ "max_used", HUMAN_BYTES },
	{ "total_size", HUMAN_BYTES },
	{ "free_size_s", HUMAN_BYTES },
	{ "used_size_s", HUMAN_BYTES },
	{ "real_used_s", HUMAN_BYTES },
	{ "max_used_s", HUMAN_BYTES },
	{ "max_free_frag_size", HUMAN_BYTES },
	{ "max_used_frag_size", HUMAN_BYTES },
	{ "min_free_frag_size", HUMAN_BYTES },
	{ "min_used_frag_size", HUMAN_BYTES },
	{ "Total", HUMAN_BYTES },
	{ "size", HUMAN_BYTES },
	{ "largest_free", HUMAN_BYTES },
	{ "bytes", HUMAN_BYTES },
	{ "bytes_in", HUMAN_BYTES },
	{ "bytes_out", HUMAN_BYTES },
	{ "queued", HUMAN_BYTES },
	{ "age", HUMAN_SECONDS },
	{ "oldest", HUMAN_SECONDS },
	{ "newest", HUMAN_SECONDS },
	{ "idle", HUMAN_SECONDS },
	{ "uptime", HUMAN_SECONDS },
};

/* By the name of the struct that they are in. */
static const struct row members[] = {
	{ "sites", HUMAN_BYTES }, /* each under the site's name */
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static enum human_unit find(
    const struct row *table, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (key != NULL && strcmp(table[i].key, key) == 0)
			return table[i].unit;
	return HUMAN_NONE;
}

enum human_unit human_unit_of(const char *key)
{
	return find(rows, COUNT(rows), key);
}

enum human_unit human_unit_of_members(const char *key)
{
	return find(members, COUNT(members), key);
}

/* A tenth is rounded; 1023.95 and up would be rounded to the next unit. */
static void put_bytes(uint64_t n, const char *sign, char *buf)
{
	static const char units[] = "KMGTPE";
	double size = (double)n / 1024;
	size_t unit = 0;

	if (n < 1024) {
		snprintf(buf, HUMAN_SIZE, "%s%" PRIu64, sign, n);
		return;
	}
	for (; size >= 1023.95 && units[unit + 1] != '\0'; unit++)
		size /= 1024;
	snprintf(buf, HUMAN_SIZE, "%s%.1f%c", sign, size, units[unit]);
}

static void put_seconds(uint64_t n, const char *sign, char *buf)
{
	if (n < 60)
		snprintf(buf, HUMAN_SIZE, "%s%" PRIu64 "s", sign, n);
	else if (n < 3600)
		snprintf(buf, HUMAN_SIZE, "%s%" PRIu64 "m%02" PRIu64 "s", sign,
		    n / 60, n % 60);
	else if (n < 86400)
		snprintf(buf, HUMAN_SIZE, "%s%" PRIu64 "h%02" PRIu64 "m", sign,
		    n / 3600, n / 60 % 60);
	else
		snprintf(buf, HUMAN_SIZE, "%s%" PRIu64 "d%02" PRIu64 "h", sign,
		    n / 86400, n / 3600 % 24);
}

const char *human_text(enum human_unit unit, int64_t number, char *buf)
{
	const char *sign = number < 0 ? "-" : "";
	uint64_t n = number < 0 ? -(uint64_t)number : (uint64_t)number;

	if (unit == HUMAN_BYTES)
		put_bytes(n, sign, buf);
	else if (unit == HUMAN_SECONDS)
		put_seconds(n, sign, buf);
	else
		snprintf(buf, HUMAN_SIZE, "%s%" PRIu64, sign, n);
	return buf;
}
