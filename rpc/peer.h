/* SPDX-License-Identifier: ISC */
/* peer.h - who is at the other end, and what would give it a role. */
#ifndef RPC_PEER_H
#define RPC_PEER_H
/*
 * Lifetime: peer_read() to peer_fini(). Concurrency: none kept.
 */
#include "rpc/server.h"

struct peer {
	struct rpc_peer id;
	struct rpc_groups groups;
	gid_t few[32], *many; /* where the groups are */
};

/* What the kernel says about a connected socket. 0; -KM_ESYS (logged). */
int peer_read(int fd, struct peer *peer);
void peer_fini(struct peer *peer);

/*
 * Which parameter gives a role, and how. A role is given by two parameters of
 * kmemd.conf, called rpc_, its name, and _users or _groups.
 */
struct peer_remedy {
	char param[64];
	char hint[160];
};
void peer_remedy(
    const struct rpc_peer *peer, enum rpc_role role, struct peer_remedy *to);

#endif
