/* SPDX-License-Identifier: ISC */
/* roles.h - who may do what at the RPC socket, and who may attach. */
#ifndef KMEMD_ROLES_H
#define KMEMD_ROLES_H
/*
 * A role is given to users and to groups, each by a parameter: rpc_admin_users,
 * rpc_admin_groups ... (param_rows.h). A list has names and numbers, or "*" for
 * everybody. The highest role that a peer finds is its own. Root and the user
 * that the service runs as are admin, whatever the lists say.
 *
 * Lifetime: roles_load() to the end of the process.
 * Concurrency: the supervisor's one thread.
 */
#include <stdbool.h>

#include "rpc/server.h"

/*
 * Look up all names in the parameters. Returns 0; -KM_ENOENT: there is no such
 * user or group (logged).
 */
int roles_load(void);

/* Returns 0 and *role; -KM_EPERM: it has none. */
int roles_find(const struct rpc_peer *peer, const struct rpc_groups *groups,
    enum rpc_role *role);

/* Whether a program may attach: attach_users and attach_groups say so. */
bool roles_may_attach(
    const struct rpc_peer *peer, const struct rpc_groups *groups);

#endif
