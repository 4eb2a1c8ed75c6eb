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

/*
 * Each is a parameter of kmemd.conf, called rpc_ and the member's name; an
 * error names it so in data.param.  0 is never "without limit": it stands for
 * the default.
 */
struct rpc_limits {
	unsigned connections;	      /* in all */
	unsigned connections_per_uid; /* of one user */
	size_t request_size;	      /* bytes of one request or batch */
	size_t reply_size;	      /* bytes of one reply or batch of them */
	unsigned depth;		      /* nesting of arrays and objects */
	unsigned batch;		      /* requests in one batch, and calls of one
					 connection that run at once: then we
					 stop reading from it */
	unsigned values;	      /* JSON values in one request or batch:
					 each may cost 300 bytes for 3 */
	size_t output_queue; /* bytes unread by the client before we stop
				reading from it; a deferred reply beyond this
				and one more reply_size is an error */
	size_t output_total; /* bytes of replies that wait in all connections
				together: one half for whoever comes, the other
				half in equal shares, one for each of them */
	unsigned idle_ms;    /* without any byte from the client */
	unsigned partial_ms; /* for a request to be completed, and for the
				client to take more of its replies */
};

/* What limits a server has unless told otherwise. */
extern const struct rpc_limits rpc_limits_default;

/* The groups of a peer, besides its gid. */
struct rpc_groups {
	size_t count;
	const gid_t *id;
};

struct rpc_server_options {
	struct event_base *base;
	const struct rpc_method *const *tables; /* NULL-terminated list */
	const struct rpc_limits *limits;	/* copied */
	/*
	 * Asked once for each connection. Returns 0 and *role; < 0: it has
	 * none, and is sent away. NULL: all are admin.
	 */
	int (*role)(const struct rpc_peer *peer,
	    const struct rpc_groups *groups, enum rpc_role *role);
	void *context; /* for rpc_call_context() */
};

/*
 * Create the listening socket. A socket file is replaced only when nobody
 * listens on it, or whoever did has died. uid and gid own it, (uid_t)-1 leaves
 * one as it is. Returns 0 and *fd; -KM_EBUSY: somebody listens there; -KM_ESYS.
 * Logged.
 */
int rpc_listen(const char *path, mode_t mode, uid_t uid, gid_t gid, int *fd);

/* The same of another type than SOCK_STREAM. */
int rpc_listen_as(
    int type, const char *path, mode_t mode, uid_t uid, gid_t gid, int *fd);

/*
 * Serve on a listening socket, which it takes over, also on error. From now
 * on the process ignores SIGPIPE, unless it has a handler for it.
 * Returns 0, or -KM_ENOMEM.
 */
int rpc_server_new(
    int fd, const struct rpc_server_options *opt, struct rpc_server **server);

/*
 * Stop accepting and reading; calls that run are finished, and a connection
 * is closed when its last reply has been taken.
 */
void rpc_server_drain(struct rpc_server *server);

/* True when no call runs and all replies have been taken by their clients. */
bool rpc_server_is_idle(const struct rpc_server *server);

/* Not from within a method's handler. Calls that run are cancelled. */
void rpc_server_free(struct rpc_server **server);

/*
 * Close all descriptors without a word: in a child, after fork and
 * event_reinit(). No cancel hook runs: what hooks would release stays.
 */
void rpc_server_forget(struct rpc_server **server);

#endif
