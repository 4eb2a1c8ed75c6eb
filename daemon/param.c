/* SPDX-License-Identifier: ISC */
/* param.c - the table of parameters; their values are the group core. */
#include "config.h"

#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/near.h"
#include "base/tune.h"
#include "daemon/group.h"
#include "daemon/param.h"

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

/* So that the numbers that a process has for itself begin with km_tune. */
#define X(id, member)                                                          \
	_Static_assert(                                                        \
	    offsetof(struct km_tune, member) == P_##id * sizeof(int),          \
	    "the first rows are struct km_tune, in its order");
PARAM_TUNED(X)
#undef X

static struct {
	struct group *core; /* NULL until param_init() */
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

const char *param_hint(const char *name, char *buf, size_t size)
{
	struct near near;

	near_begin(&near, name);
	for (int id = 0; id < P__COUNT; id++)
		near_try(&near, rows[id].name);
	return near_hint(&near, "kmemd --help-conf lists them", buf, size);
}

/* Libkmem's switches are those of the process in this row. */
static struct km_tune *tune_of(unsigned process)
{
	return (struct km_tune *)(void *)group_own(table.core, process);
}

int param_init(void)
{
	int rc = 0;

	if (table.core == NULL)
		rc = group_new("core", rows, P__COUNT, &table.core);
	else
		group_default(table.core);
	if (rc < 0)
		LM_ERR("no memory for the parameters: %s", km_strerror(rc));
	else
		tune_use(tune_of(0));
	return rc;
}

void param_be_process(unsigned process)
{
	group_be_process(process);
	tune_use(tune_of(process));
}

long param_int(enum param_id id)
{
	return group_int(table.core, id);
}

bool param_is_traced(void)
{
	unsigned p = 0, n = group_processes();

	while (p < n && !tune_is_traced(tune_of(p)))
		p++;
	return p < n;
}

const char *param_string(enum param_id id)
{
	return group_string(table.core, id);
}

const char *param_copy_string(enum param_id id, char *buf, size_t size)
{
	return group_copy_string(table.core, id, buf, size);
}

int param_set_int(enum param_id id, long value)
{
	return group_set_int(table.core, id, value);
}

int param_set_string(enum param_id id, const char *value)
{
	return group_set_string(table.core, id, value);
}

int param_set_text(enum param_id id, const char *text)
{
	return group_set_text(table.core, id, text);
}
