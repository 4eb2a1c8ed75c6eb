/* SPDX-License-Identifier: ISC */
/* call.h - the inside of a call, its session and a batch's answer. */
#ifndef RPC_CALL_H
#define RPC_CALL_H
/*
 * Only for call.c, answer.c, dispatch.c and session.c.
 * Lifetime: a call is on its session's list until it ends or is cancelled.
 * An answer goes when its last slot has been filled.
 */
#include <sys/queue.h>

#include "rpc/envelope.h"
#include "rpc/frame.h"
#include "rpc/params.h"
#include "rpc/session.h"

struct json_tokener;
struct printbuf;

/* What a handler keeps for its connection. */
struct kept {
	SLIST_ENTRY(kept) link;
	void (*release)(void *data);
	void *data;
};

struct rpc_session {
	struct rpc_session_options opt;
	struct frame frame;
	struct json_tokener *tokener;
	LIST_HEAD(, rpc_call) calls;
	SLIST_HEAD(, kept) kept;
	size_t running, completed;
	uint64_t requests;
	size_t held;  /* bytes of replies in batches that are not complete */
	bool feeding; /* within session_feed() */
	bool ending;  /* being freed: nothing goes out any more */
};

/* The replies of a batch, kept until all are there. */
struct answer {
	size_t pending; /* slots to be filled */
	size_t count, size;
	struct printbuf *reply[]; /* NULL: none, or not yet */
};

/* Where a reply goes: into a slot of a batch, or straight out. */
struct place {
	struct answer *answer; /* NULL: no batch */
	size_t slot;
};

struct rpc_call {
	LIST_ENTRY(rpc_call) link;
	struct rpc_session *session;
	struct place place;
	const struct rpc_method *method;
	struct slice id; /* our copy, behind the arguments */
	struct json_object *params;
	void (*cancel)(void *arg);
	void *cancel_arg;
	struct rpc_args args;
};

/* Returns NULL when out of memory. */
struct answer *answer_new(size_t count);

/* Fill a place; takes over the reply, NULL: there will be none. */
void answer_put(
    struct rpc_session *session, struct place place, struct printbuf **reply);

/* Fill a place with an error. */
void answer_fault(struct rpc_session *session, struct place place,
    const struct rpc_fault *fault, struct slice id);

/* Bytes that a reply may have now; *name is the limit that says so. */
size_t answer_room(
    const struct rpc_session *session, struct place place, const char **name);

/* A new call; borrows env for now. NULL when out of memory. */
struct rpc_call *call_new(struct rpc_session *session, struct place place,
    const struct rpc_method *method, const struct envelope *env);

/* Run the hook and let the call go, unanswered. */
void call_cancel(struct rpc_call *call);

/* Hand a correct JSON text to its methods. */
void dispatch_text(struct rpc_session *session, struct slice text);

#endif
