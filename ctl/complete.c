/* SPDX-License-Identifier: ISC */
/* complete.c - what could be typed next: asked from the running service. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/alias.h"
#include "ctl/candidates.h"
#include "ctl/complete.h"
#include "rpc/client.h"

#define PATIENCE_MS 250 /* for a connection, and for each answer */

struct inquiry {
	struct rpc_client *client; /* NULL: nobody to ask, or not any more */
	const char *method;
	char *const *arguments;
	size_t count; /* of arguments, the last is being typed */
	struct candidates *candidates;
};

/* The result of a method without or with one string; NULL: there is none. The
 * caller puts it. */
static struct json_object *ask(
    struct inquiry *inquiry, const char *method, const char *argument)
{
	struct json_object *params = NULL, *reply = NULL, *result = NULL;

	if (inquiry->client == NULL)
		return NULL;
	if (argument != NULL) {
		params = json_object_new_array();
		json_object_array_add(params, json_object_new_string(argument));
	}
	if (rpc_client_call(inquiry->client, method, params, &reply) != 0) {
		rpc_client_close(&inquiry->client);
		return NULL;
	}
	json_object_object_get_ex(reply, "result", &result);
	json_object_get(result);
	json_object_put(reply);
	return result;
}

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

static const char *text(struct json_object *object, const char *key)
{
	return json_object_get_string(member(object, key));
}

static size_t length(struct json_object *array)
{
	return json_object_is_type(array, json_type_array)
		   ? json_object_array_length(array)
		   : 0;
}

/* --- what a parameter can be --- */

static void add_methods(struct inquiry *inquiry)
{
	struct json_object *document = ask(inquiry, "rpc.discover", NULL);
	struct json_object *methods = member(document, "methods");

	for (size_t i = 0; i < length(methods); i++) {
		struct json_object *m = json_object_array_get_idx(methods, i);

		candidates_add(
		    inquiry->candidates, text(m, "name"), text(m, "summary"));
	}
	json_object_put(document);
}

/* cfg.list says "group: name" of each variable. */
static void add_groups(struct inquiry *inquiry)
{
	struct json_object *list = ask(inquiry, "cfg.list", NULL);
	char group[64];

	for (size_t i = 0; i < length(list); i++)
		if (sscanf(json_object_get_string(
			       json_object_array_get_idx(list, i)),
			"%63[^:]:", group) == 1)
			candidates_add(inquiry->candidates, group, NULL);
	json_object_put(list);
}

/* Of the group that is the argument before. */
static void add_variables(struct inquiry *inquiry)
{
	struct json_object *list;
	char name[64];

	if (inquiry->count < 2)
		return;
	list = ask(inquiry, "cfg.list", inquiry->arguments[inquiry->count - 2]);
	for (size_t i = 0; i < length(list); i++)
		if (sscanf(json_object_get_string(
			       json_object_array_get_idx(list, i)),
			"%*[^:]: %63s", name) == 1)
			candidates_add(inquiry->candidates, name, NULL);
	json_object_put(list);
}

static void add_modules(struct inquiry *inquiry)
{
	struct json_object *list = ask(inquiry, "core.modules", NULL);

	for (size_t i = 0; i < length(list); i++)
		candidates_add(inquiry->candidates,
		    json_object_get_string(json_object_array_get_idx(list, i)),
		    NULL);
	json_object_put(list);
}

static void add_processes(struct inquiry *inquiry, const char *key)
{
	struct json_object *list = ask(inquiry, "core.psx", NULL);

	for (size_t i = 0; i < length(list); i++) {
		struct json_object *p = json_object_array_get_idx(list, i);

		candidates_add(
		    inquiry->candidates, text(p, key), text(p, "DSC"));
	}
	json_object_put(list);
}

static void add_pids(struct inquiry *inquiry)
{
	add_processes(inquiry, "PID");
}

/* By what is the argument before: "pid", or a number from 0. */
static void add_numbers(struct inquiry *inquiry)
{
	if (inquiry->count >= 2)
		add_processes(inquiry,
		    strcmp(inquiry->arguments[inquiry->count - 2], "pid") == 0
			? "PID"
			: "IDX");
}

/* By a parameter's name. Where methods mean different things by it, the first
 * row counts whose begin the method has. */
static const struct source {
	const char *param, *begin;
	const char *words; /* NULL: add() finds them */
	void (*add)(struct inquiry *inquiry);
} sources[] = {
	{ "group", "cfg.", NULL, add_groups },
	{ "name", "cfg.", NULL, add_variables },
	{ "name", "system.", NULL, add_methods },
	{ "module", "", "all core", add_modules },
	{ "pool", "mod.", "pkg shm all", NULL },
	{ "pool", "", "pkg shm", NULL },
	{ "pid", "mem.top", "bytes blocks", add_pids }, /* of shm: no pid */
	{ "pid", "", NULL, add_pids },
	{ "by", "mem.", "bytes blocks", NULL },
	{ "by", "pkg.", "pid rank index", NULL },
	{ "n", "pkg.", NULL, add_numbers },
	{ "unit", "", "b k m g kb mb gb", NULL },
};

static const struct source *source_find(const char *param, const char *method)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (strcmp(sources[i].param, param) == 0 &&
		    strncmp(sources[i].begin, method,
			strlen(sources[i].begin)) == 0)
			return &sources[i];
	return NULL;
}

/* The parameter's name that is the method's argument i; NULL: none. The
 * caller frees it. */
static char *param_name(struct inquiry *inquiry, size_t i)
{
	struct json_object *document = ask(inquiry, "rpc.discover", NULL);
	struct json_object *methods = member(document, "methods");
	struct json_object *params = NULL;
	const char *name;
	char *copy = NULL;

	for (size_t m = 0; m < length(methods) && params == NULL; m++) {
		struct json_object *row = json_object_array_get_idx(methods, m);

		name = text(row, "name");
		if (name != NULL && strcmp(name, inquiry->method) == 0)
			params = member(row, "params");
	}
	if (i < length(params)) {
		name = text(json_object_array_get_idx(params, i), "name");
		copy = name != NULL ? strdup(name) : NULL;
	}
	json_object_put(document);
	return copy;
}

static void add_arguments(struct inquiry *inquiry)
{
	char *param = param_name(inquiry, inquiry->count - 1);
	const struct source *source =
	    param != NULL ? source_find(param, inquiry->method) : NULL;

	if (source != NULL && source->words != NULL)
		candidates_add_words(inquiry->candidates, source->words);
	if (source != NULL && source->add != NULL)
		source->add(inquiry);
	free(param);
}

static void add_candidates(
    struct inquiry *inquiry, size_t count, char *const *words);

/* Options of watch have a value; without them, it is a command again. */
static void add_watched(
    struct inquiry *inquiry, size_t count, char *const *words)
{
	for (; count > 1 && words[0][0] == '-'; count -= 2, words += 2)
		if (count == 2)
			return;
	if (count == 1)
		add_methods(inquiry);
	else if (alias_find(words[0], count - 1) == NULL)
		add_candidates(inquiry, count, words);
}

static void add_candidates(
    struct inquiry *inquiry, size_t count, char *const *words)
{
	const struct alias *alias;

	if (count == 1) {
		alias_complete(inquiry->candidates);
		add_methods(inquiry);
		return;
	}
	alias = alias_find(words[0], count - 1);
	if (alias != NULL && alias->act == ALIAS_WATCH)
		add_watched(inquiry, count - 1, words + 1);
	if (alias != NULL && alias->act != ALIAS_CALL)
		return;
	inquiry->method = alias != NULL ? alias->method : words[0];
	inquiry->arguments = words + 1;
	inquiry->count = count - 1;
	add_arguments(inquiry);
}

void complete_command(const char *socket, size_t count, char *const *words,
    struct candidates *candidates)
{
	struct inquiry inquiry = { .candidates = candidates };

	if (rpc_client_open(socket, PATIENCE_MS, &inquiry.client) != 0)
		inquiry.client = NULL;
	add_candidates(&inquiry, count, words);
	rpc_client_close(&inquiry.client);
	candidates_sort(candidates);
}
