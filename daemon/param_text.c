/* SPDX-License-Identifier: ISC */
/* param_text.c - checks values of parameters, reads and writes them as text. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "daemon/param_text.h"

/* How numbers of a unit are written; the last row is for all other units. */
struct notation {
	const char *unit;
	int base;      /* of strtol() */
	long multiple; /* values must be one of it */
	const char *noun;
};

static const struct notation notations[] = {
	/* 64 KiB is the largest page that Linux has on our machines. */
	{ "address", 16, 0x10000, "an address" },
	{ "mode", 8, 1, "an octal mode" },
	{ NULL, 10, 1, "an integer" },
};

static const struct {
	const char *text;
	long value;
} booleans[] = {
	{ "yes", 1 },
	{ "no", 0 },
	{ "true", 1 },
	{ "false", 0 },
	{ "on", 1 },
	{ "off", 0 },
	{ "1", 1 },
	{ "0", 0 },
};

static const struct notation *notation_of(const struct param *row)
{
	const struct notation *n = notations;

	while (n->unit != NULL && strcmp(n->unit, row->unit) != 0)
		n++;
	return n;
}

int param_check_int(const struct param *row, long value)
{
	if (row->type == PARAM_STRING)
		return -KM_EINVAL;
	if (value < row->min || value > row->max ||
	    value % notation_of(row)->multiple != 0)
		return -KM_ERANGE;
	return 0;
}

/* Whether value is one of the words in "a|b|c". */
static bool is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = choices;; at++) {
		size_t word = strcspn(at, "|");

		if (word == len && memcmp(at, value, len) == 0)
			return true;
		at += word;
		if (*at == '\0')
			return false;
	}
}

int param_check_string(const struct param *row, const char *value)
{
	long len;

	if (row->type != PARAM_STRING)
		return -KM_EINVAL;
	len = (long)strlen(value);
	if (len < row->min || len > row->max)
		return -KM_ERANGE;
	if (row->choices != NULL && !is_choice(row->choices, value))
		return -KM_ERANGE;
	return 0;
}

static int parse_bool(const char *text, long *value)
{
	for (size_t i = 0; i < sizeof(booleans) / sizeof(booleans[0]); i++) {
		if (strcasecmp(text, booleans[i].text) != 0)
			continue;
		*value = booleans[i].value;
		return 0;
	}
	return -KM_EINVAL;
}

int param_parse_number(const struct param *row, const char *text, long *value)
{
	const struct notation *n = notation_of(row);
	char *end;

	if (row->type == PARAM_BOOL)
		return parse_bool(text, value);
	/* strtol() would skip spaces. */
	if (strchr("+-0123456789abcdefABCDEF", *text) == NULL || *text == '\0')
		return -KM_EINVAL;
	errno = 0;
	*value = strtol(text, &end, n->base);
	if (end == text || *end != '\0')
		return -KM_EINVAL;
	return errno == 0 ? param_check_int(row, *value) : -KM_ERANGE;
}

int param_check_text(enum param_id id, const char *text)
{
	const struct param *row = param_row(id);
	long number;

	if (row->type == PARAM_STRING)
		return param_check_string(row, text);
	return param_parse_number(row, text, &number);
}

const char *param_format_number(
    const struct param *row, long value, char *buf, size_t size)
{
	int base = notation_of(row)->base;

	if (row->type == PARAM_BOOL)
		snprintf(buf, size, "%s", value ? "yes" : "no");
	else if (base == 16)
		snprintf(buf, size, "0x%lx", (unsigned long)value);
	else if (base == 8)
		snprintf(buf, size, "0%lo", (unsigned long)value);
	else
		snprintf(buf, size, "%ld", value);
	return buf;
}

const char *param_row_default(const struct param *row, char *buf, size_t size)
{
	if (row->type != PARAM_STRING)
		return param_format_number(row, row->number, buf, size);
	snprintf(buf, size, "%s", row->text);
	return buf;
}

const char *param_text(enum param_id id, char *buf, size_t size)
{
	if (param_row(id)->type != PARAM_STRING)
		return param_format_number(
		    param_row(id), param_int(id), buf, size);
	snprintf(buf, size, "%s", param_string(id));
	return buf;
}

const char *param_default_text(enum param_id id, char *buf, size_t size)
{
	return param_row_default(param_row(id), buf, size);
}

static void range_of_string(const struct param *row, char *buf, size_t size)
{
	if (row->choices != NULL)
		snprintf(buf, size, "one of %s", row->choices);
	else if (row->min == 0)
		snprintf(buf, size, "a text of at most %ld bytes", row->max);
	else
		snprintf(buf, size, "a text of %ld to %ld bytes", row->min,
		    row->max);
}

static void range_of_int(const struct param *row, char *buf, size_t size)
{
	const struct notation *n = notation_of(row);
	char min[32], max[32], tail[32] = "";

	if (n->multiple != 1)
		snprintf(tail, sizeof(tail), ", a multiple of 0x%lx",
		    (unsigned long)n->multiple);
	else if (n->unit == NULL && *row->unit != '\0')
		snprintf(tail, sizeof(tail), " (%s)", row->unit);
	snprintf(buf, size, "%s from %s to %s%s", n->noun,
	    param_format_number(row, row->min, min, sizeof(min)),
	    param_format_number(row, row->max, max, sizeof(max)), tail);
}

const char *param_row_range(const struct param *row, char *buf, size_t size)
{
	if (row->type == PARAM_STRING)
		range_of_string(row, buf, size);
	else if (row->type == PARAM_BOOL)
		snprintf(buf, size, "yes or no");
	else
		range_of_int(row, buf, size);
	return buf;
}

const char *param_range(enum param_id id, char *buf, size_t size)
{
	return param_row_range(param_row(id), buf, size);
}

/* Whether pools of these sizes (MB) at these addresses share a byte. */
static bool ranges_meet(long a, long a_mb, long b, long b_mb)
{
	return a < b + b_mb * 1024 * 1024 && b < a + a_mb * 1024 * 1024;
}

/* What the chunk may become, in MB. */
static long shm_max_mb(void)
{
	return param_int(P_SHM_MAX_MEM_SIZE) != 0
		   ? param_int(P_SHM_MAX_MEM_SIZE)
		   : param_int(P_SHM_MEM_SIZE);
}

int param_check_all(char *buf, size_t size)
{
	if (shm_max_mb() < param_int(P_SHM_MEM_SIZE)) {
		snprintf(buf, size,
		    "shm_max_mem_size (%ld MB) is below shm_mem_size (%ld MB, "
		    "-m)",
		    shm_max_mb(), param_int(P_SHM_MEM_SIZE));
		return -KM_EINVAL;
	}
	if (ranges_meet(param_int(P_SHM_BASE), shm_max_mb(),
		param_int(P_PKG_BASE), param_int(P_PKG_MEM_SIZE))) {
		snprintf(buf, size,
		    "shm_base (0x%lx, %ld MB) and pkg_base (0x%lx, %ld MB) "
		    "overlap: move one of them",
		    (unsigned long)param_int(P_SHM_BASE), shm_max_mb(),
		    (unsigned long)param_int(P_PKG_BASE),
		    param_int(P_PKG_MEM_SIZE));
		return -KM_EINVAL;
	}
	if (param_int(P_RESTART_BACKOFF_MIN_MS) >
	    param_int(P_RESTART_BACKOFF_MAX_MS)) {
		snprintf(buf, size,
		    "restart_backoff_min_ms (%ld) is above "
		    "restart_backoff_max_ms (%ld)",
		    param_int(P_RESTART_BACKOFF_MIN_MS),
		    param_int(P_RESTART_BACKOFF_MAX_MS));
		return -KM_EINVAL;
	}
	return 0;
}

/* What --help-conf shows as a default: an empty string must be seen too. */
static void print_row(enum param_id id)
{
	const struct param *row = param_row(id);
	char text[PARAM_TEXT_SIZE], range[PARAM_TEXT_SIZE];

	param_default_text(id, text, sizeof(text));
	printf("%-27s %-6s  %-15s  %-11s  %-7s  %s\n", row->name,
	    param_type_names[row->type], *text != '\0' ? text : "\"\"",
	    *row->unit != '\0' ? row->unit : "-", param_when_names[row->when],
	    param_range(id, range, sizeof(range)));
	printf("        %s\n", row->help);
}

void param_print_table(void)
{
	printf("%-27s %-6s  %-15s  %-11s  %-7s  %s\n", "NAME", "TYPE",
	    "DEFAULT", "UNIT", "CHANGES", "RANGE");
	for (int id = 0; id < P__COUNT; id++)
		print_row((enum param_id)id);
}
