/* SPDX-License-Identifier: ISC */
/* call.c - what a handler sees of a call, and how the call ends. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <json-c/printbuf.h>

#include "base/err.h"
#include "base/log.h"
#include "rpc/call.h"

struct rpc_call *call_new(struct rpc_session *s, struct place place,
    const struct rpc_method *method, const struct envelope *env)
{
	size_t n = params_count(method);
	struct rpc_call *call;
	char *id;

	call = calloc(
	    1, sizeof(*call) + n * sizeof(call->args.arg[0]) + env->id.len);
	if (call == NULL)
		return NULL;
	call->session = s;
	call->place = place;
	call->method = method;
	call->args.count = n;
	if (env->id.text != NULL) {
		id = (char *)&call->args.arg[n];
		memcpy(id, env->id.text, env->id.len);
		call->id = (struct slice){ id, env->id.len };
	}
	LIST_INSERT_HEAD(&s->calls, call, link);
	s->running++;
	return call;
}

static void call_free(struct rpc_call *call)
{
	LIST_REMOVE(call, link);
	call->session->running--;
	args_fini(&call->args);
	json_object_put(call->params);
	free(call);
}

void call_cancel(struct rpc_call *call)
{
	struct printbuf *none = NULL;
	struct rpc_session *s = call->session;
	struct place place = call->place;
	void (*cancel)(void *arg) = call->cancel;
	void *arg = call->cancel_arg;

	call_free(call);
	answer_put(s, place, &none);
	if (cancel != NULL)
		cancel(arg);
}

/* Takes over the reply, which may be NULL: for a notification. */
static void end(struct rpc_call *call, struct printbuf *reply)
{
	struct rpc_session *s = call->session;
	struct place place = call->place;

	call_free(call);
	s->completed++;
	answer_put(s, place, &reply);
	if (!s->feeding && !s->ending && s->opt.ended != NULL)
		s->opt.ended(s->opt.arg);
}

static struct printbuf *build_fault(
    const struct rpc_call *call, const struct rpc_fault *fault)
{
	struct printbuf *reply;

	if (call->id.text == NULL)
		return NULL;
	reply = printbuf_new();
	if (reply != NULL && envelope_build_error(reply, fault, call->id) == 0)
		return reply;
	LM_ERR(
	    "rpc: the reply of %s is lost: out of memory", call->method->name);
	if (reply != NULL)
		printbuf_free(reply);
	return NULL;
}

static struct printbuf *build_too_large(
    const struct rpc_call *call, size_t size, size_t room, const char *limit)
{
	char message[256], hint[256];
	struct rpc_fault fault = { RPC_LIMIT, message, limit, hint };

	snprintf(message, sizeof(message),
	    "The reply of %s has %zu bytes, there is room for %zu",
	    call->method->name, size, room);
	snprintf(hint, sizeof(hint),
	    "ask for less at a time, read replies as they come, or raise %s",
	    limit);
	return build_fault(call, &fault);
}

static struct printbuf *build_result(
    const struct rpc_call *call, struct json_object *result)
{
	static const struct rpc_fault no_memory = { RPC_INTERNAL_ERROR,
		"Internal error: out of memory", NULL, NULL };
	struct printbuf *reply;
	const char *limit;
	size_t room, size;

	if (call->id.text == NULL)
		return NULL;
	reply = printbuf_new();
	if (reply == NULL ||
	    envelope_build_result(reply, result, call->id) < 0) {
		if (reply != NULL)
			printbuf_free(reply);
		return build_fault(call, &no_memory);
	}
	room = answer_room(call->session, call->place, &limit);
	size = (size_t)reply->bpos + 1;
	if (size <= room)
		return reply;
	printbuf_free(reply);
	return build_too_large(call, size, room, limit);
}

void rpc_reply(struct rpc_call *call, struct json_object *result)
{
	struct printbuf *reply = build_result(call, result);

	json_object_put(result);
	end(call, reply);
}

__attribute__((format(printf, 5, 0))) static void vfail(struct rpc_call *call,
    enum rpc_code code, const char *param, const char *hint, const char *fmt,
    va_list ap)
{
	struct rpc_fault fault = { code, "out of memory", param, hint };
	char *message = NULL;

	if (vasprintf(&message, fmt, ap) < 0)
		message = NULL;
	if (message != NULL)
		fault.message = message;
	end(call, build_fault(call, &fault));
	free(message);
}

void rpc_fail(struct rpc_call *call, enum rpc_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfail(call, code, NULL, NULL, fmt, ap);
	va_end(ap);
}

void rpc_fail_param(struct rpc_call *call, enum rpc_code code,
    const char *param, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfail(call, code, param, hint, fmt, ap);
	va_end(ap);
}

void rpc_call_on_cancel(
    struct rpc_call *call, void (*cancel)(void *arg), void *arg)
{
	call->cancel = cancel;
	call->cancel_arg = arg;
}

static struct kept *find_kept(
    const struct rpc_call *call, void (*release)(void *data))
{
	struct kept *k;

	SLIST_FOREACH(k, &call->session->kept, link)
	if (k->release == release)
		return k;
	return NULL;
}

int rpc_call_keep(
    struct rpc_call *call, void *data, void (*release)(void *data))
{
	struct kept *k;

	if (find_kept(call, release) != NULL)
		return -KM_EEXIST;
	k = malloc(sizeof(*k));
	if (k == NULL)
		return -KM_ENOMEM;
	*k = (struct kept){ .release = release, .data = data };
	SLIST_INSERT_HEAD(&call->session->kept, k, link);
	return 0;
}

void *rpc_call_kept(const struct rpc_call *call, void (*release)(void *data))
{
	const struct kept *k = find_kept(call, release);

	return k != NULL ? k->data : NULL;
}

static struct json_object *value_of(const struct rpc_call *call, size_t i)
{
	return i < call->args.count ? call->args.arg[i].value : NULL;
}

bool rpc_arg_has(const struct rpc_call *call, size_t i)
{
	return i < call->args.count && call->args.arg[i].has;
}

int64_t rpc_arg_int(const struct rpc_call *call, size_t i)
{
	return json_object_get_int64(value_of(call, i));
}

const char *rpc_arg_string(const struct rpc_call *call, size_t i)
{
	return json_object_get_string(value_of(call, i));
}

bool rpc_arg_bool(const struct rpc_call *call, size_t i)
{
	return json_object_get_boolean(value_of(call, i));
}

struct json_object *rpc_arg_any(const struct rpc_call *call, size_t i)
{
	return value_of(call, i);
}

struct json_object *rpc_arg_rest(const struct rpc_call *call)
{
	return call->args.rest;
}

const struct rpc_method *rpc_call_method(const struct rpc_call *call)
{
	return call->method;
}

const struct rpc_peer *rpc_call_peer(const struct rpc_call *call)
{
	return &call->session->opt.peer;
}

void *rpc_call_context(const struct rpc_call *call)
{
	return call->session->opt.context;
}

const struct rpc_method *const *rpc_call_tables(const struct rpc_call *call)
{
	return call->session->opt.tables;
}

const void *rpc_call_connection(const struct rpc_call *call)
{
	return call->session->opt.connection;
}
