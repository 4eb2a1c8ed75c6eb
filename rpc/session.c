/* SPDX-License-Identifier: ISC */
/* session.c - joins framing and dispatch. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "base/err.h"
#include "rpc/call.h"

int session_new(
    const struct rpc_session_options *opt, struct rpc_session **session)
{
	struct rpc_session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -KM_ENOMEM;
	/* json-c counts a level more than there are brackets. */
	s->tokener = json_tokener_new_ex((int)opt->limits->depth + 2);
	if (s->tokener == NULL) {
		free(s);
		return -KM_ENOMEM;
	}
	s->opt = *opt;
	LIST_INIT(&s->calls);
	SLIST_INIT(&s->kept);
	frame_init(&s->frame, s->opt.limits);
	*session = s;
	return 0;
}

/* A hook may end other calls of the list: always take the first. */
void session_cancel(struct rpc_session *s)
{
	bool ending = s->ending;

	s->ending = true;
	while (!LIST_EMPTY(&s->calls))
		call_cancel(LIST_FIRST(&s->calls));
	s->ending = ending;
}

static void release_kept(struct rpc_session *s)
{
	struct kept *k;

	while ((k = SLIST_FIRST(&s->kept)) != NULL) {
		SLIST_REMOVE_HEAD(&s->kept, link);
		k->release(k->data);
		free(k);
	}
}

void session_free(struct rpc_session **session)
{
	struct rpc_session *s = *session;

	if (s == NULL)
		return;
	*session = NULL;
	s->ending = true;
	session_cancel(s);
	release_kept(s);
	frame_fini(&s->frame);
	json_tokener_free(s->tokener);
	free(s);
}

void session_forget(struct rpc_session **session)
{
	struct rpc_call *call;

	LIST_FOREACH(call, &(*session)->calls, link)
	call->cancel = NULL;
	session_free(session);
}

static void fail(struct rpc_session *s, const struct rpc_fault *fault)
{
	answer_fault(
	    s, (struct place){ NULL, 0 }, fault, (struct slice){ NULL, 0 });
}

static void fail_parse(struct rpc_session *s, const struct frame_out *out)
{
	char message[sizeof(out->reason) + 32];
	struct rpc_fault fault = { RPC_PARSE_ERROR, message, NULL,
		"input up to the next newline is ignored" };

	snprintf(message, sizeof(message), "Parse error: %s", out->reason);
	fail(s, &fault);
}

static void fail_limit(struct rpc_session *s, const struct frame_out *out)
{
	struct rpc_fault fault = { RPC_LIMIT, "The request is over a limit",
		out->limit, out->reason };

	fail(s, &fault);
}

static void act(struct rpc_session *s, const struct frame_out *out)
{
	s->feeding = true;
	switch (out->event) {
	case FRAME_TEXT:
		dispatch_text(s, out->text);
		break;
	case FRAME_BAD:
		fail_parse(s, out);
		break;
	case FRAME_LIMIT:
		fail_limit(s, out);
		break;
	case FRAME_MORE:
	case FRAME__COUNT:
		break;
	}
	s->feeding = false;
}

size_t session_feed(struct rpc_session *s, const char *bytes, size_t len)
{
	struct frame_out out;
	size_t used = 0;

	/* An error may be found in a byte that is then read again. */
	do {
		used += frame_feed(&s->frame, bytes + used, len - used, &out);
		act(s, &out);
	} while (used == 0 && len > 0);
	return used;
}

void session_end(struct rpc_session *s)
{
	struct frame_out out;

	frame_end(&s->frame, &out);
	act(s, &out);
}

void session_complain(
    struct rpc_session *s, const char *name, const char *message)
{
	struct rpc_fault fault = { RPC_LIMIT, message, name, NULL };

	fail(s, &fault);
}

size_t session_running(const struct rpc_session *s)
{
	return s->running;
}

size_t session_completed(const struct rpc_session *s)
{
	return s->completed;
}

uint64_t session_requests(const struct rpc_session *s)
{
	return s->requests;
}

size_t session_held(const struct rpc_session *s)
{
	return s->held;
}

bool session_is_partial(const struct rpc_session *s)
{
	return frame_is_partial(&s->frame);
}
