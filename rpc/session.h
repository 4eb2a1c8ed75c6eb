/* SPDX-License-Identifier: ISC */
/* session.h - one client's conversation: bytes in, lines out, no socket. */
#ifndef RPC_SESSION_H
#define RPC_SESSION_H
/*
 * Lifetime: session_free() cancels the calls that still run.
 * Concurrency: one thread. A handler may end other calls of the session, but
 * must neither feed nor free it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/server.h"

struct rpc_session;

struct rpc_session_options {
	const struct rpc_method *const *tables;
	const struct rpc_limits *limits; /* borrowed, complete */
	enum rpc_role role;
	struct rpc_peer peer;
	void *context;
	const void *connection;

	/* One reply, its newline included; the text is borrowed. */
	void (*output)(void *arg, const char *text, size_t len);
	/* Bytes of output not yet taken; NULL: never any. */
	size_t (*queued)(void *arg);
	/* Bytes of replies that wait in all sessions; what the replies of a
	   batch take until it is complete is added here. NULL: no limit. */
	size_t *total;
	/* A call has ended outside of session_feed(); NULL: never mind. */
	void (*ended)(void *arg);
	void *arg;
};

/* Returns 0 and *session, or -KM_ENOMEM. */
int session_new(
    const struct rpc_session_options *opt, struct rpc_session **session);
/* Cancel all calls that run: nobody is there for their replies. */
void session_cancel(struct rpc_session *session);

void session_free(struct rpc_session **session);

/* The same, but no cancel hook runs: in a child, after fork. */
void session_forget(struct rpc_session **session);

/*
 * Take bytes, until one request or batch is complete and has been handed to
 * its methods. Returns how many were taken: at least one of at least one.
 */
size_t session_feed(struct rpc_session *session, const char *bytes, size_t len);

/* The input has ended: answers what is left. */
void session_end(struct rpc_session *session);

/* Say that a limit is why the conversation ends; name is its parameter. */
void session_complain(
    struct rpc_session *session, const char *name, const char *message);

/* Calls that have not ended; calls that have. */
size_t session_running(const struct rpc_session *session);
size_t session_completed(const struct rpc_session *session);

/* Requests that were well-formed, notifications as well. */
uint64_t session_requests(const struct rpc_session *session);

/* Bytes of replies that wait for the rest of their batch. */
size_t session_held(const struct rpc_session *session);

/* Whether a request has begun and is not complete. */
bool session_is_partial(const struct rpc_session *session);

#endif
