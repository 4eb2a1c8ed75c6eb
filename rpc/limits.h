/* SPDX-License-Identifier: ISC */
/* limits.h - makes a set of limits complete. */
#ifndef RPC_LIMITS_H
#define RPC_LIMITS_H

#include "rpc/server.h"

/* Copy; 0 becomes the default, what we cannot do becomes what we can. */
void limits_fill(struct rpc_limits *to, const struct rpc_limits *from);

/* Bytes of replies that wait for which a connection has room in any case. */
size_t limits_share(const struct rpc_limits *limits);

/*
 * Bytes of replies that a connection may add to its own, when those of all
 * connections, its own among them, are total.
 */
size_t limits_room(const struct rpc_limits *limits, size_t total, size_t own);

#endif
