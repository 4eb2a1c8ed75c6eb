/* SPDX-License-Identifier: ISC */
/* envelope.c - parse a request, build a reply. */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <json-c/printbuf.h>

#include "base/err.h"
#include "rpc/envelope.h"

#define NAME_SIZE 16 /* bytes: more than any member's name that we know */
#define PLAIN	  (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/* What has been seen of a request. */
struct members {
	struct slice version, method, params, id;
};

static int fault_set(struct rpc_fault *fault, const char *message,
    const char *param, const char *hint)
{
	fault->code = RPC_INVALID_REQUEST;
	fault->message = message;
	fault->param = param;
	fault->hint = hint;
	return -KM_EPROTO;
}

static struct slice *member_find(struct members *m, struct slice name)
{
	const struct {
		const char *name;
		struct slice *where;
	} known[] = {
		{ "jsonrpc", &m->version },
		{ "method", &m->method },
		{ "params", &m->params },
		{ "id", &m->id },
	};
	char text[NAME_SIZE];

	if (slice_string(name, text, sizeof(text)) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(text, known[i].name) == 0)
			return known[i].where;
	return NULL;
}

/* Of a member that comes twice the last one counts, as in json-c. */
static void members_find(struct members *m, struct slice text)
{
	struct slice_walk walk;
	struct slice name, value, *where;

	slice_walk_init(&walk, text);
	while (slice_walk_next(&walk, &name, &value)) {
		where = member_find(m, name);
		if (where != NULL)
			*where = value;
	}
}

static bool begins_with(struct slice value, const char *any_of)
{
	return value.len > 0 && strchr(any_of, value.text[0]) != NULL;
}

/* A string, a number or null. */
static bool is_id(struct slice value)
{
	return begins_with(value, "\"-0123456789n");
}

static bool is_version(struct slice value)
{
	char text[8];

	return value.text != NULL &&
	       slice_string(value, text, sizeof(text)) == 0 &&
	       strcmp(text, "2.0") == 0;
}

static int check(
    const struct members *m, struct envelope *env, struct rpc_fault *fault)
{
	if (m->id.text != NULL && env->id.text == NULL)
		return fault_set(fault, "Invalid Request: wrong id", "id",
		    "a string, a number or null");
	if (!is_version(m->version))
		return fault_set(fault, "Invalid Request: wrong version",
		    "jsonrpc", "\"jsonrpc\":\"2.0\"");
	if (m->method.text == NULL ||
	    slice_string(m->method, env->method, sizeof(env->method)) < 0)
		return fault_set(fault, "Invalid Request: no method's name",
		    "method", "\"method\":\"NAME\", a string");
	if (m->params.text != NULL && !begins_with(m->params, "[{"))
		return fault_set(fault, "Invalid Request: wrong params",
		    "params", "an array or an object");
	return 0;
}

int envelope_parse(
    struct slice text, struct envelope *env, struct rpc_fault *fault)
{
	struct members m = { { NULL, 0 } };

	memset(env, 0, sizeof(*env));
	if (!begins_with(text, "{"))
		return fault_set(fault, "Invalid Request: no object", NULL,
		    "{\"jsonrpc\":\"2.0\",\"method\":\"NAME\",\"id\":1}");
	members_find(&m, text);
	if (is_id(m.id))
		env->id = m.id;
	env->params = m.params;
	return check(&m, env, fault);
}

static int add(struct printbuf *out, const char *text, size_t len)
{
	if (len > INT_MAX || printbuf_memappend(out, text, (int)len) < 0)
		return -KM_ENOMEM;
	return 0;
}

static int add_text(struct printbuf *out, const char *text)
{
	return add(out, text, strlen(text));
}

static int add_json(struct printbuf *out, struct json_object *obj)
{
	size_t len;
	const char *text = json_object_to_json_string_length(obj, PLAIN, &len);

	return text != NULL ? add(out, text, len) : -KM_ENOMEM;
}

static int add_string(struct printbuf *out, const char *name, const char *text)
{
	struct json_object *obj = json_object_new_string(text);
	int rc = obj != NULL ? 0 : -KM_ENOMEM;

	rc = rc ? rc : add_text(out, name);
	rc = rc ? rc : add_json(out, obj);
	json_object_put(obj);
	return rc;
}

static int add_id(struct printbuf *out, struct slice id)
{
	int rc = add_text(out, ",\"id\":");

	if (id.text == NULL)
		id = (struct slice){ "null", 4 };
	rc = rc ? rc : add(out, id.text, id.len);
	return rc ? rc : add_text(out, "}");
}

int envelope_build_result(
    struct printbuf *out, struct json_object *result, struct slice id)
{
	int rc = add_text(out, "{\"jsonrpc\":\"2.0\",\"result\":");

	rc = rc ? rc : add_json(out, result);
	return rc ? rc : add_id(out, id);
}

static int add_data(struct printbuf *out, const struct rpc_fault *fault)
{
	int rc = add_text(out, ",\"data\":{");

	if (fault->param != NULL)
		rc = rc ? rc : add_string(out, "\"param\":", fault->param);
	if (fault->param != NULL && fault->hint != NULL)
		rc = rc ? rc : add_text(out, ",");
	if (fault->hint != NULL)
		rc = rc ? rc : add_string(out, "\"hint\":", fault->hint);
	return rc ? rc : add_text(out, "}");
}

int envelope_build_error(
    struct printbuf *out, const struct rpc_fault *fault, struct slice id)
{
	char head[64];
	int rc;

	snprintf(head, sizeof(head),
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":%d", fault->code);
	rc = add_text(out, head);
	rc = rc ? rc : add_string(out, ",\"message\":", fault->message);
	if (fault->param != NULL || fault->hint != NULL)
		rc = rc ? rc : add_data(out, fault);
	rc = rc ? rc : add_text(out, "}");
	return rc ? rc : add_id(out, id);
}

int envelope_build_request(struct printbuf *out, const char *method,
    struct json_object *params, int64_t id)
{
	char number[24];
	int len = snprintf(number, sizeof(number), "%lld", (long long)id);
	int rc = add_string(out, "{\"jsonrpc\":\"2.0\",\"method\":", method);

	if (params != NULL) {
		rc = rc ? rc : add_text(out, ",\"params\":");
		rc = rc ? rc : add_json(out, params);
	}
	return rc ? rc : add_id(out, (struct slice){ number, (size_t)len });
}
