/* SPDX-License-Identifier: ISC */
/* human.c - sizes and times in units that people read. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/human.h"

static const struct {
	const char *key;
	enum human_unit unit;
} rows[] = {
	{ "total", HUMAN_BYTES },
	{ "free", HUMAN_BYTES },
	{ "used", HUMAN_BYTES },
	{ "real_used", HUMAN_BYTES },
	{ "max_used", HUMAN_BYTES },
	{ "total_size", HUMAN_BYTES },
	{ "size", HUMAN_BYTES },
	{ "bytes", HUMAN_BYTES },
	{ "bytes_in", HUMAN_BYTES },
	{ "bytes_out", HUMAN_BYTES },
	{ "queued", HUMAN_BYTES },
	{ "age", HUMAN_SECONDS },
	{ "idle", HUMAN_SECONDS },
	{ "uptime", HUMAN_SECONDS },
};

enum human_unit human_unit_of(const char *key)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (key != NULL && strcmp(rows[i].key, key) == 0)
			return rows[i].unit;
	return HUMAN_NONE;
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
