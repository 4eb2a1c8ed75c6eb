/* SPDX-License-Identifier: ISC */
/* limits.h - makes a set of limits complete. */
#ifndef RPC_LIMITS_H
#define RPC_LIMITS_H

#include "rpc/server.h"

/* Copy; 0 becomes the default, what we cannot do becomes what we can. */
void limits_fill(struct rpc_limits *to, const struct rpc_limits *from);

#endif
