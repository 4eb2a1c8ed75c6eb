/* SPDX-License-Identifier: ISC */
/* server.h - JSON-RPC 2.0 over a UNIX stream socket. */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H
/*
 * Takes any stream of JSON texts, answers each with one line.
 * A client that is slow, silent, or hostile costs at most what the limits say.
 *
 * Lifetime: the server closes its listening socket and all connections when
 * freed. Concurrency: one thread, one event loop.
 */
#include <stddef.h>
#include <sys/types.h>

#include "rpc/method.h"

struct event_base;
struct rpc_server;

/* Each is a parameter of kmemd.conf; 0 is never "without limit". */
struct rpc_limits {
	unsigned connections;         /* in all */
	unsigned connections_per_uid; /* of one user */
	size_t request_size;          /* bytes of one request or batch */
	size_t reply_size;            /* bytes of one reply or batch of them */
	unsigned depth;               /* nesting of arrays and objects */
	unsigned batch;               /* requests in one batch */
	size_t output_queue; /* bytes unread by the client before we stop
				reading from it */
	unsigned idle_ms;    /* without any byte from the client */
	unsigned partial_ms; /* for a request to be completed */
};

/* What limits a server has unless told otherwise. */
extern const struct rpc_limits rpc_limits_default;

struct rpc_server_options {
	struct event_base *base;
	const struct rpc_method *const *tables; /* NULL-terminated list */
	const struct rpc_limits *limits;        /* copied */
	enum rpc_role (*role)(const struct rpc_peer *peer); /* NULL: admin */
	void *context;                          /* for rpc_call_context() */
};

/*
 * Create the listening socket. A socket file is replaced only when nobody
 * listens on it. uid and gid own it, (uid_t)-1 leaves one as it is.
 * Returns 0 and *fd; -KM_EBUSY: somebody listens there; -KM_ESYS. Logged.
 */
int rpc_listen(const char *path, mode_t mode, uid_t uid, gid_t gid, int *fd);

/* Serve on a listening socket, which it takes over. 0, or -KM_ENOMEM. */
int rpc_server_new(int fd, const struct rpc_server_options *opt,
    struct rpc_server **server);

/* Stop accepting; calls that run are finished. */
void rpc_server_drain(struct rpc_server *server);

/* True when no call runs and all replies have been taken by their clients. */
bool rpc_server_is_idle(const struct rpc_server *server);

void rpc_server_free(struct rpc_server **server);

/* Close all descriptors without a word: in a child, after fork. */
void rpc_server_forget(struct rpc_server **server);

#endif
