/* SPDX-License-Identifier: ISC */
/* group.c - the list of groups, and where their values are. */
#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/group.h"
#include "daemon/module.h"
#include "daemon/param_text.h"

#define PROCESSES (1 + PARAM_WORKERS_MAX)
#define NO_OWN	  (-1)

/*
 * In shared memory. Odd seq: readers use copy 1 while copy 0 is written; even:
 * the reverse. Behind the copies is the text that the service started with.
 */
struct latch {
	unsigned seq;
	char text[];
};

struct km_var {
	struct group *group;
	const struct param *row;
	int own;	     /* a number's index among those of a process */
	long *number;	     /* a number: for the service */
	long start;	     /* a number: what the service started with */
	struct latch *latch; /* a string */
};

struct group {
	struct group *next;
	const char *name;
	unsigned count;
	unsigned n_own; /* numbers that each process has for itself */
	char *map;
	size_t map_size;
	int *own; /* PROCESSES times n_own */
	struct km_var vars[];
};

static struct {
	struct group *first;
	unsigned processes; /* rows of the process table in use */
	unsigned self;
} groups = { .processes = 1 };

static size_t text_size(const struct param *row)
{
	return (size_t)row->max + 1;
}

static char *copy_of(const struct km_var *v, unsigned copy)
{
	return v->latch->text + copy * text_size(v->row);
}

enum {
	START_COPY = 2,
	COPIES
};

/* --- making --- */

static size_t latch_size(const struct param *row)
{
	size_t size = sizeof(struct latch) + COPIES * text_size(row);

	return (size + sizeof(long) - 1) / sizeof(long) * sizeof(long);
}

static size_t own_size(const struct group *group)
{
	return sizeof(int) * PROCESSES * group->n_own;
}

/* The mapping: what each variable has for the service, then own numbers. */
static void lay_out(struct group *group, const struct param *rows)
{
	for (unsigned i = 0; i < group->count; i++) {
		struct km_var *v = &group->vars[i];

		v->group = group;
		v->row = &rows[i];
		v->own = NO_OWN;
		group->map_size += rows[i].type == PARAM_STRING
				       ? latch_size(v->row)
				       : sizeof(long);
		if (rows[i].type != PARAM_STRING &&
		    rows[i].when == PARAM_AT_ONCE)
			v->own = (int)group->n_own++;
	}
	group->map_size += own_size(group);
}

static int map_values(struct group *group)
{
	char *at;

	if (group->map_size == 0)
		return 0;
	at = mmap(NULL, group->map_size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return -KM_ESYS;
	group->map = at;
	for (unsigned i = 0; i < group->count; i++) {
		struct km_var *v = &group->vars[i];

		if (v->row->type == PARAM_STRING)
			v->latch = (struct latch *)(void *)at;
		else
			v->number = (long *)(void *)at;
		at += v->latch != NULL ? latch_size(v->row) : sizeof(long);
	}
	group->own = (int *)(void *)at;
	return 0;
}

static void append(struct group *group)
{
	struct group **at = &groups.first;

	while (*at != NULL)
		at = &(*at)->next;
	*at = group;
}

int group_new(const char *name, const struct param *rows, unsigned n,
    struct group **group)
{
	struct group *g = calloc(1, sizeof(*g) + n * sizeof(g->vars[0]));
	int rc;

	if (g == NULL)
		return -KM_ENOMEM;
	g->name = name;
	g->count = n;
	lay_out(g, rows);
	rc = map_values(g);
	if (rc < 0) {
		free(g);
		return rc;
	}
	group_default(g);
	append(g);
	*group = g;
	return 0;
}

void group_free(struct group **group)
{
	struct group *g = *group;
	struct group **at = &groups.first;

	if (g == NULL)
		return;
	*group = NULL;
	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	if (g->map != NULL)
		munmap(g->map, g->map_size);
	free(g);
}

/* --- finding --- */

struct group *group_next(const struct group *group)
{
	return group != NULL ? group->next : groups.first;
}

struct group *group_find(const char *name)
{
	struct group *g = groups.first;

	while (g != NULL && strcmp(g->name, name) != 0)
		g = g->next;
	return g;
}

const char *group_name(const struct group *group)
{
	return group->name;
}

unsigned group_count(const struct group *group)
{
	return group->count;
}

const struct param *group_row(const struct group *group, unsigned i)
{
	return group->vars[i].row;
}

unsigned group_index(const struct group *group, const char *name)
{
	unsigned i = 0;

	while (i < group->count && strcmp(group->vars[i].row->name, name) != 0)
		i++;
	return i;
}

struct km_var *group_var(struct group *group, unsigned i)
{
	return &group->vars[i];
}

/* --- numbers --- */

int *group_own(struct group *group, unsigned process)
{
	return group->own + (size_t)process * group->n_own;
}

static int *own_of(const struct km_var *v, unsigned process)
{
	return &group_own(v->group, process)[v->own];
}

static long load_int(const struct km_var *v, unsigned process)
{
	if (v->own != NO_OWN)
		return __atomic_load_n(own_of(v, process), __ATOMIC_RELAXED);
	if (v->number != NULL)
		return __atomic_load_n(v->number, __ATOMIC_RELAXED);
	return 0;
}

static void store_own(const struct km_var *v, unsigned process, long value)
{
	__atomic_store_n(own_of(v, process), (int)value, __ATOMIC_RELAXED);
}

static void store_int(const struct km_var *v, long value)
{
	__atomic_store_n(v->number, value, __ATOMIC_RELAXED);
	for (unsigned p = 0; v->own != NO_OWN && p < groups.processes; p++)
		store_own(v, p, value);
}

long group_int(const struct group *group, unsigned i)
{
	const long *number = group->vars[i].number;

	return number != NULL ? __atomic_load_n(number, __ATOMIC_RELAXED) : 0;
}

long group_int_of(const struct group *group, unsigned i, unsigned process)
{
	return load_int(&group->vars[i], process);
}

bool group_has_own(const struct group *group, unsigned i)
{
	return group->vars[i].own != NO_OWN;
}

int group_set_int(struct group *group, unsigned i, long value)
{
	int rc = param_check_int(group->vars[i].row, value);

	if (rc == 0)
		store_int(&group->vars[i], value);
	return rc;
}

int group_set_int_of(
    struct group *group, unsigned i, unsigned process, long value)
{
	const struct km_var *v = &group->vars[i];
	int rc = param_check_int(v->row, value);

	if (rc == 0 && v->own == NO_OWN)
		rc = -KM_ENOENT;
	if (rc == 0)
		store_own(v, process, value);
	return rc;
}

/* --- texts --- */

static void store_string(const struct km_var *v, const char *value)
{
	size_t size = strlen(value) + 1;
	unsigned *seq = &v->latch->seq;
	unsigned begun = *seq | 1;

	__atomic_store_n(seq, begun, __ATOMIC_RELAXED);
	atomic_thread_fence(memory_order_release);
	memmove(copy_of(v, 0), value, size);
	__atomic_store_n(seq, begun + 1, __ATOMIC_RELEASE);
	atomic_thread_fence(memory_order_release);
	memcpy(copy_of(v, 1), copy_of(v, 0), size);
}

/* Stores are made by hand: no reader meets one after the other for ever. */
static void load_string(const struct km_var *v, char *buf, size_t size)
{
	size_t room = text_size(v->row);
	unsigned seq, now;

	if (room > size)
		room = size;
	now = __atomic_load_n(&v->latch->seq, __ATOMIC_ACQUIRE);
	do {
		seq = now;
		memcpy(buf, copy_of(v, seq & 1), room);
		atomic_thread_fence(memory_order_acquire);
		now = __atomic_load_n(&v->latch->seq, __ATOMIC_RELAXED);
	} while (now != seq);
	buf[room - 1] = '\0';
}

const char *group_string(const struct group *group, unsigned i)
{
	const struct km_var *v = &group->vars[i];

	return v->latch != NULL ? copy_of(v, 0) : "";
}

const char *group_copy_string(
    const struct group *group, unsigned i, char *buf, size_t size)
{
	*buf = '\0';
	if (group->vars[i].latch != NULL)
		load_string(&group->vars[i], buf, size);
	return buf;
}

int group_set_string(struct group *group, unsigned i, const char *value)
{
	int rc = param_check_string(group->vars[i].row, value);

	if (rc == 0)
		store_string(&group->vars[i], value);
	return rc;
}

int group_set_text(struct group *group, unsigned i, const char *text)
{
	const struct km_var *v = &group->vars[i];
	long number;
	int rc;

	if (v->latch != NULL)
		return group_set_string(group, i, text);
	rc = param_parse_number(v->row, text, &number);
	if (rc == 0)
		store_int(v, number);
	return rc;
}

/* --- defaults, and what the service started with --- */

void group_default(struct group *group)
{
	for (unsigned i = 0; i < group->count; i++) {
		const struct km_var *v = &group->vars[i];

		if (v->latch != NULL)
			store_string(v, v->row->text);
		else
			store_int(v, v->row->number);
	}
}

static void keep(struct km_var *v)
{
	if (v->latch != NULL)
		memcpy(
		    copy_of(v, START_COPY), copy_of(v, 0), text_size(v->row));
	else
		v->start = *v->number;
}

void group_keep_all(void)
{
	for (struct group *g = groups.first; g != NULL; g = g->next)
		for (unsigned i = 0; i < g->count; i++)
			keep(&g->vars[i]);
}

long group_start_int(const struct group *group, unsigned i)
{
	return group->vars[i].start;
}

const char *group_start_string(const struct group *group, unsigned i)
{
	const struct km_var *v = &group->vars[i];

	return v->latch != NULL ? copy_of(v, START_COPY) : NULL;
}

bool group_is_as_started(const struct group *group, unsigned i)
{
	const struct km_var *v = &group->vars[i];

	if (v->latch != NULL)
		return strcmp(copy_of(v, 0), copy_of(v, START_COPY)) == 0;
	for (unsigned p = 0; p < groups.processes; p++)
		if (load_int(v, p) != v->start)
			return false;
	return *v->number == v->start;
}

/* --- processes --- */

void group_start_process(unsigned process)
{
	for (struct group *g = groups.first; g != NULL; g = g->next)
		for (unsigned i = 0; i < g->count; i++)
			if (g->vars[i].own != NO_OWN)
				store_own(
				    &g->vars[i], process, *g->vars[i].number);
	if (groups.processes <= process)
		groups.processes = process + 1;
}

unsigned group_processes(void)
{
	return groups.processes;
}

void group_be_process(unsigned process)
{
	groups.self = process;
}

/* --- what modules call --- */

long km_var_int(const struct km_var *var)
{
	return load_int(var, groups.self);
}

const char *km_var_string(const struct km_var *var, char *buf, size_t size)
{
	*buf = '\0';
	if (var->latch != NULL)
		load_string(var, buf, size);
	return buf;
}
