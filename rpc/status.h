/* SPDX-License-Identifier: ISC */
/* status.h - what a server can say of itself and of its connections. */
#ifndef RPC_STATUS_H
#define RPC_STATUS_H
/*
 * Lifetime: a status is a copy, but for peer, which is borrowed from its
 * connection. Concurrency: the server's one thread.
 */
#include <stdint.h>
#include <time.h>

#include "rpc/server.h"

struct rpc_server_status {
	struct rpc_limits limits;   /* complete */
	unsigned connections;	    /* open now */
	uint64_t accepted, refused; /* since the start */
	uint64_t requests;	    /* as below, of all connections ever */
	size_t queued; /* bytes of replies that wait, in all connections */
};

struct rpc_conn_status {
	const void *connection; /* that of rpc_call_connection() */
	const struct rpc_peer *peer;
	enum rpc_role role;
	time_t since;
	uint64_t idle_ms;  /* without a byte from the client */
	size_t running;	   /* calls that have not ended */
	uint64_t requests; /* well-formed ones, notifications as well */
	uint64_t bytes_in, bytes_out; /* of requests read, of replies taken */
	size_t queued;		      /* bytes of replies not yet taken */
};

void rpc_server_status(
    const struct rpc_server *server, struct rpc_server_status *status);

/* Visit each connection, the oldest first; it must not end one. */
void rpc_server_visit(const struct rpc_server *server,
    void (*visit)(const struct rpc_conn_status *status, void *arg), void *arg);

#endif
