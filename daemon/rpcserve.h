/* SPDX-License-Identifier: ISC */
/* rpcserve.h - the RPC socket of the supervisor. */
#ifndef KMEMD_RPCSERVE_H
#define KMEMD_RPCSERVE_H
/*
 * Lifetime: rpcserve_open() to rpcserve_close().
 * Concurrency: the supervisor's one thread.
 */
#include <stdbool.h>
#include <sys/types.h>

struct event_base;
struct rpc_server;

/*
 * Listen as the parameters say and serve all methods. The socket is given to
 * uid and gid, -1 leaves one as it is. Returns 0, or < 0 (logged).
 */
int rpcserve_open(struct event_base *base, uid_t uid, gid_t gid);

/* Close all connections and remove the socket. */
void rpcserve_close(void);

/* Take no new connections; what runs is finished. */
void rpcserve_drain(void);

/* Whether all replies have been taken. True when there is no server. */
bool rpcserve_is_idle(void);

/* In a worker, right after the fork. */
void rpcserve_leave(void);

/* The server, for ctl.*; NULL: none. Borrowed. */
struct rpc_server *rpcserve_server(void);

#endif
