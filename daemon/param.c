/* SPDX-License-Identifier: ISC */
/* param.c - the table of parameters, and where their values are. */
#include "config.h"

#include <string.h>
#include <sys/mman.h>

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "daemon/param_text.h"

const char *const param_type_names[] = { "int", "bool", "string" };
_Static_assert(
    sizeof(param_type_names) / sizeof(param_type_names[0]) == PARAM_TYPE__COUNT,
    "a name for each type");

const char *const param_when_names[] = { "start", "at once" };
_Static_assert(
    sizeof(param_when_names) / sizeof(param_when_names[0]) == PARAM_WHEN__COUNT,
    "a name for each time");

static const struct param rows[] = {
#define X(id, ...) { __VA_ARGS__ },
	PARAM_ROWS(X)
#undef X
};

static const struct {
	const char *name;
	enum param_id id;
} aliases[] = {
#define X(name, id) { name, P_##id },
	PARAM_ALIASES(X)
#undef X
};

/* Of a row in struct km_tune: where its int is in there, plus one. */
static const size_t tuned[P__COUNT] = {
#define X(id, member) [P_##id] = offsetof(struct km_tune, member) + 1,
	PARAM_TUNED(X)
#undef X
};

/* In memory that all processes of the service share. */
struct values {
	struct km_tune tune;
	long number[P__COUNT]; /* unused for rows in tune, and strings */
	char text[];	       /* one string after the other */
};

static struct {
	struct values *values; /* NULL until param_init() */
	size_t text_at[P__COUNT];
} table;

const struct param *param_row(enum param_id id)
{
	return &rows[id];
}

enum param_id param_find(const char *name)
{
	for (int id = 0; id < P__COUNT; id++)
		if (strcmp(rows[id].name, name) == 0)
			return (enum param_id)id;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].name, name) == 0)
			return aliases[i].id;
	return P__COUNT;
}

static int *tuned_int(enum param_id id)
{
	if (tuned[id] == 0)
		return NULL;
	return (int *)(void *)((char *)&table.values->tune + tuned[id] - 1);
}

static void store_int(enum param_id id, long value)
{
	int *p = tuned_int(id);

	if (p != NULL)
		__atomic_store_n(p, (int)value, __ATOMIC_RELAXED);
	else
		__atomic_store_n(
		    &table.values->number[id], value, __ATOMIC_RELAXED);
}

static void store_string(enum param_id id, const char *value)
{
	char *to = table.values->text + table.text_at[id];

	memmove(to, value, strlen(value) + 1);
}

/* Give each string row its place. Returns the bytes of all values. */
static size_t lay_out(void)
{
	size_t at = 0;

	for (int id = 0; id < P__COUNT; id++) {
		if (rows[id].type != PARAM_STRING)
			continue;
		table.text_at[id] = at;
		at += (size_t)rows[id].max + 1;
	}
	return sizeof(struct values) + at;
}

static int map_values(void)
{
	void *map = mmap(NULL, lay_out(), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED) {
		LM_ERR("no memory for the parameters: %m");
		return -KM_ESYS;
	}
	table.values = map;
	return 0;
}

int param_init(void)
{
	int rc = table.values == NULL ? map_values() : 0;

	if (rc < 0)
		return rc;
	for (int id = 0; id < P__COUNT; id++) {
		if (rows[id].type == PARAM_STRING)
			store_string((enum param_id)id, rows[id].text);
		else
			store_int((enum param_id)id, rows[id].number);
	}
	tune_use(&table.values->tune);
	return 0;
}

long param_int(enum param_id id)
{
	const int *p = tuned_int(id);

	if (p != NULL)
		return __atomic_load_n(p, __ATOMIC_RELAXED);
	return __atomic_load_n(&table.values->number[id], __ATOMIC_RELAXED);
}

const char *param_string(enum param_id id)
{
	if (rows[id].type != PARAM_STRING)
		return "";
	return table.values->text + table.text_at[id];
}

int param_set_int(enum param_id id, long value)
{
	int rc = param_check_int(id, value);

	if (rc == 0)
		store_int(id, value);
	return rc;
}

int param_set_string(enum param_id id, const char *value)
{
	int rc = param_check_string(id, value);

	if (rc == 0)
		store_string(id, value);
	return rc;
}

int param_set_text(enum param_id id, const char *text)
{
	long number;
	int rc;

	if (rows[id].type == PARAM_STRING)
		return param_set_string(id, text);
	rc = param_parse_number(id, text, &number);
	if (rc == 0)
		store_int(id, number);
	return rc;
}
