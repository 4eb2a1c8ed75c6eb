/* SPDX-License-Identifier: ISC */
/* cfg_delayed.c - cfg.set_delayed_*, commit, rollback, diff. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/err.h"
#include "daemon/methods/cfg.h"
#include "daemon/methods/cfg_var.h"
#include "daemon/param.h"

/* A set that waits for its commit; each variable has one at most. */
struct delayed {
	STAILQ_ENTRY(delayed) link;
	struct cfg_var var;
	struct cfg_value value;
	char text[]; /* value.text points here, if it is one */
};

/* Those of a connection, in the order of the first set of each variable. */
STAILQ_HEAD(delayed_list, delayed);

static unsigned count(const struct delayed_list *list)
{
	const struct delayed *d;
	unsigned n = 0;

	STAILQ_FOREACH(d, list, link)
	n++;
	return n;
}

static void clear(struct delayed_list *list)
{
	struct delayed *d;

	while ((d = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, link);
		free(d);
	}
}

/* The connection has gone. */
static void release(void *data)
{
	clear(data);
	free(data);
}

/* The list of the call's connection; NULL: it has none. */
static struct delayed_list *list_of(const struct rpc_call *call)
{
	return rpc_call_kept(call, release);
}

static struct delayed_list *open_list(struct rpc_call *call)
{
	struct delayed_list *list = list_of(call);

	if (list != NULL)
		return list;
	list = malloc(sizeof(*list));
	if (list == NULL)
		return NULL;
	STAILQ_INIT(list);
	if (rpc_call_keep(call, list, release) == 0)
		return list;
	free(list);
	return NULL;
}

static struct delayed *delayed_new(
    const struct cfg_var *var, const struct cfg_value *value)
{
	size_t size = value->text != NULL ? strlen(value->text) + 1 : 0;
	struct delayed *d = malloc(sizeof(*d) + size);

	if (d == NULL)
		return NULL;
	d->var = *var;
	d->value = *value;
	if (value->text != NULL)
		d->value.text = memcpy(d->text, value->text, size);
	return d;
}

/* At the end, or in the place of an earlier one for the same variable. */
static void insert(struct delayed_list *list, struct delayed *d)
{
	struct delayed *old;

	STAILQ_FOREACH(old, list, link)
	if (old->var.group == d->var.group && old->var.i == d->var.i)
		break;
	if (old == NULL) {
		STAILQ_INSERT_TAIL(list, d, link);
		return;
	}
	STAILQ_INSERT_AFTER(list, old, d, link);
	STAILQ_REMOVE(list, old, delayed, link);
	free(old);
}

void cfg_set_delayed(struct rpc_call *call)
{
	struct delayed_list *list;
	struct json_object *reply;
	struct cfg_value value;
	struct delayed *d;
	struct cfg_var var;

	if (cfg_command_find(call) != NULL) {
		rpc_fail_param(call, RPC_FAILED, "name",
		    "cfg.set_now_int runs it", "%s is a command",
		    rpc_arg_string(call, CFG_NAME));
		return;
	}
	if (!cfg_find_settable(call, &var) ||
	    !cfg_find_value(call, &var, &value))
		return;
	list = open_list(call);
	d = list != NULL ? delayed_new(&var, &value) : NULL;
	if (d == NULL) {
		rpc_fail(call, RPC_INTERNAL_ERROR, "out of memory");
		return;
	}
	insert(list, d);
	reply = json_object_new_object();
	add_uint(reply, "delayed", count(list));
	rpc_reply(call, reply);
}

static bool follows_all(const void *arg, const struct proc *proc)
{
	const struct delayed_list *list = arg;
	const struct delayed *d;

	STAILQ_FOREACH(d, list, link)
	if (!cfg_follows(&d->var, proc))
		return false;
	return true;
}

/* Nothing can fail here: each value was found to be allowed when it came. */
void cfg_commit(struct rpc_call *call)
{
	struct delayed_list *list = list_of(call);
	struct json_object *reply;
	struct delayed *d;

	if (list == NULL || STAILQ_EMPTY(list)) {
		rpc_fail_param(call, RPC_FAILED, NULL,
		    "cfg.set_delayed_int or cfg.set_delayed_string first, on "
		    "the same connection",
		    "nothing to commit");
		return;
	}
	STAILQ_FOREACH(d, list, link)
	cfg_store(call, &d->var, NULL, &d->value);
	reply = cfg_applied(follows_all, list);
	add_uint(reply, "variables", count(list));
	clear(list);
	rpc_reply(call, reply);
}

void cfg_rollback(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_object();
	struct delayed_list *list = list_of(call);

	add_uint(reply, "dropped", list != NULL ? count(list) : 0);
	if (list != NULL)
		clear(list);
	rpc_reply(call, reply);
}

static struct json_object *new_value(const struct cfg_value *value)
{
	if (value->text != NULL)
		return json_object_new_string(value->text);
	return json_object_new_int64(value->number);
}

static struct json_object *describe(const struct delayed *d)
{
	struct json_object *row = json_object_new_object();

	add_text(row, "group name", group_name(d->var.group));
	add_text(row, "variable name", group_row(d->var.group, d->var.i)->name);
	json_object_object_add(row, "old value", cfg_json(&d->var, NULL));
	json_object_object_add(row, "new value", new_value(&d->value));
	return row;
}

void cfg_diff(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_array();
	const struct delayed_list *list = list_of(call);
	const struct delayed *d;

	if (list != NULL)
		STAILQ_FOREACH(d, list, link)
	json_object_array_add(reply, describe(d));
	rpc_reply(call, reply);
}
