/* SPDX-License-Identifier: ISC */
/* conn.h - the inside of the server: its connections. */
#ifndef RPC_CONN_H
#define RPC_CONN_H
/*
 * Only for server.c, accept.c, conn.c and status.c.
 * Lifetime: a connection is on its server's list until conn_free(), which
 * closes it. A handler never causes its own connection to be freed: that
 * waits until the handler has returned.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

#include "rpc/server.h"

struct bufferevent;
struct evbuffer;
struct event;
struct rpc_conn;
struct rpc_session;

/* Lets one message through per period, and counts the others. */
struct quiet_log {
	uint64_t next_ms;
	unsigned dropped;
};

struct rpc_server {
	struct event_base *base;
	const struct rpc_method *const *tables;
	struct rpc_limits limits;
	int (*role)(const struct rpc_peer *peer,
	    const struct rpc_groups *groups, enum rpc_role *role);
	void *context;
	int fd;
	bool draining;
	struct event *acceptable; /* the listening socket is readable */
	struct event *resume;	  /* end of the pause after EMFILE */
	struct event *tick;	  /* while there are connections */
	unsigned tick_ms;
	TAILQ_HEAD(conn_list, rpc_conn) conns; /* oldest first */
	unsigned count;
	size_t output; /* bytes of replies that wait, in all connections */
	uint64_t accepted, n_refused;
	uint64_t requests; /* of connections that have gone */
	struct quiet_log refused, exhausted;
};

struct rpc_conn {
	TAILQ_ENTRY(rpc_conn) link;
	struct rpc_server *server;
	struct rpc_session *session;
	struct rpc_peer peer;
	enum rpc_role role;
	time_t since;
	int fd;
	struct bufferevent *bev;
	struct evbuffer *ready; /* replies not yet given to bev */
	bool pumping;		/* handlers may be running */
	bool eof;		/* the client will send no more */
	bool ended;		/* and the session has been told */
	bool gone;		/* nobody is there to read replies */
	uint64_t heard_ms;	/* last byte from the client */
	uint64_t partial_ms;	/* begin of the incomplete request, or 0 */
	uint64_t taken_ms;	/* the client has last taken a byte */
	uint64_t read;		/* bytes of requests, in all */
	uint64_t made, taken;	/* bytes of replies, in all */
};

/* Milliseconds of a clock that is never set. */
uint64_t conn_now_ms(void);

/* Takes over the descriptor, also on error. 0, or -KM_ENOMEM. */
int conn_new(struct rpc_server *server, int fd, const struct rpc_peer *peer,
    enum rpc_role role);
void conn_free(struct rpc_conn *conn);

/* Close the descriptor and give all memory back, without a word. */
void conn_forget(struct rpc_conn *conn);

/* Has sent no byte that we still hold, and has never had a call ended. */
bool conn_is_unused(const struct rpc_conn *conn);

/* Bytes of replies that the client has not yet taken. */
size_t conn_queued(const struct rpc_conn *conn);

/* No call runs, and no reply waits to be taken. */
bool conn_is_quiet(const struct rpc_conn *conn);

/* Tell the client which limit closes its connection, and free it. */
void conn_close_for(
    struct rpc_conn *conn, const char *limit, const char *message);

/* Time-outs; may free it. */
void conn_check_time(struct rpc_conn *conn, uint64_t now_ms);

/* Read no more; may free it, unless one of its handlers runs. */
void conn_drain(struct rpc_conn *conn);

/* Start and stop accepting. 0, or -KM_ENOMEM. */
int accept_start(struct rpc_server *server);
void accept_stop(struct rpc_server *server);

#endif
