/* SPDX-License-Identifier: ISC */
/* dispatch.c - from the text of a request to the handler of its method. */
#include "config.h"

#include <stdio.h>

#include <json-c/json.h>

#include "base/err.h"
#include "base/near.h"
#include "rpc/call.h"
#include "rpc/peer.h"

static const struct rpc_fault no_memory = { RPC_INTERNAL_ERROR,
	"Internal error: out of memory", NULL, NULL };

/* A notification is never answered, whatever is wrong with it. */
static void refuse(struct rpc_session *s, struct place place,
    const struct rpc_fault *fault, const struct envelope *env)
{
	struct printbuf *none = NULL;

	if (env->id.text == NULL)
		answer_put(s, place, &none);
	else
		answer_fault(s, place, fault, env->id);
}

static void refuse_method(
    struct rpc_session *s, struct place place, const struct envelope *env)
{
	char message[ENVELOPE_METHOD_SIZE + 32], hint[NEAR_HINT_SIZE];
	struct rpc_fault fault = { RPC_METHOD_NOT_FOUND, message, "method",
		rpc_method_hint(
		    s->opt.tables, env->method, NULL, hint, sizeof(hint)) };

	snprintf(message, sizeof(message), "Method not found: %s", env->method);
	refuse(s, place, &fault, env);
}

static void refuse_role(struct rpc_session *s, struct place place,
    const struct rpc_method *m, const struct envelope *env)
{
	char message[256];
	struct peer_remedy remedy;
	struct rpc_fault fault = { RPC_DENIED, message, remedy.param,
		remedy.hint };

	peer_remedy(&s->opt.peer, m->role, &remedy);
	snprintf(message, sizeof(message),
	    "Denied: %s needs role %s, uid %u (pid %d) has role %s", m->name,
	    rpc_role_names[m->role], (unsigned)s->opt.peer.uid,
	    (int)s->opt.peer.pid, rpc_role_names[s->opt.role]);
	refuse(s, place, &fault, env);
}

static int parse_params(struct rpc_call *call, struct slice text)
{
	struct json_tokener *tok = call->session->tokener;

	if (text.text == NULL)
		return 0;
	json_tokener_reset(tok);
	call->params = json_tokener_parse_ex(tok, text.text, (int)text.len);
	return call->params != NULL ? 0 : -KM_ENOMEM;
}

static void fail_params(
    struct rpc_call *call, int rc, const struct params_fault *fault)
{
	if (rc == -KM_ENOMEM)
		rpc_fail(call, no_memory.code, "%s", no_memory.message);
	else
		rpc_fail_param(call, RPC_INVALID_PARAMS,
		    fault->param[0] != '\0' ? fault->param : NULL, fault->hint,
		    "%s", fault->message);
}

static void run(struct rpc_call *call, const struct envelope *env)
{
	struct params_fault fault;
	int rc = parse_params(call, env->params);

	if (rc == 0)
		rc = params_bind(
		    call->method, call->params, &call->args, &fault);
	if (rc < 0)
		fail_params(call, rc, &fault);
	else
		call->method->handle(call);
}

static void dispatch_one(
    struct rpc_session *s, struct place place, struct slice text)
{
	const struct rpc_method *m;
	struct rpc_fault fault;
	struct rpc_call *call;
	struct envelope env;

	if (envelope_parse(text, &env, &fault) < 0) {
		answer_fault(s, place, &fault, env.id);
		return;
	}
	s->requests++;
	m = rpc_method_find(s->opt.tables, env.method);
	if (m == NULL) {
		refuse_method(s, place, &env);
		return;
	}
	if (s->opt.role < m->role) {
		refuse_role(s, place, m, &env);
		return;
	}
	call = call_new(s, place, m, &env);
	if (call == NULL)
		refuse(s, place, &no_memory, &env);
	else
		run(call, &env);
}

static size_t count_elements(struct slice text)
{
	struct slice_walk walk;
	struct slice name, value;
	size_t n = 0;

	slice_walk_init(&walk, text);
	while (slice_walk_next(&walk, &name, &value))
		n++;
	return n;
}

static void refuse_batch(
    struct rpc_session *s, enum rpc_code code, const char *message, size_t n)
{
	char hint[64];
	struct rpc_fault fault = { code, message, "rpc_batch", hint };

	snprintf(hint, sizeof(hint), "1 to %u requests in a batch, not %zu",
	    s->opt.limits->batch, n);
	if (code != RPC_LIMIT)
		fault.param = NULL;
	answer_fault(
	    s, (struct place){ NULL, 0 }, &fault, (struct slice){ NULL, 0 });
}

static void dispatch_batch(struct rpc_session *s, struct slice text)
{
	size_t n = count_elements(text);
	struct slice name, value;
	struct slice_walk walk;
	struct place place = { NULL, 0 };

	if (n == 0 || n > s->opt.limits->batch) {
		refuse_batch(s, n == 0 ? RPC_INVALID_REQUEST : RPC_LIMIT,
		    n == 0 ? "Invalid Request: an empty batch"
			   : "Too many requests in one batch",
		    n);
		return;
	}
	place.answer = answer_new(n);
	if (place.answer == NULL) {
		answer_fault(s, place, &no_memory, (struct slice){ NULL, 0 });
		return;
	}
	slice_walk_init(&walk, text);
	for (; slice_walk_next(&walk, &name, &value); place.slot++)
		dispatch_one(s, place, value);
}

void dispatch_text(struct rpc_session *s, struct slice text)
{
	if (text.text[0] == '[')
		dispatch_batch(s, text);
	else
		dispatch_one(s, (struct place){ NULL, 0 }, text);
}
