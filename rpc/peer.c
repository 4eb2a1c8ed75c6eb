/* SPDX-License-Identifier: ISC */
/* peer.c - who is at the other end, and what would give it a role. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/log.h"
#include "rpc/peer.h"

/* Where the kernel does not tell, or we have no memory: there are none. */
static void read_groups(int fd, struct peer *peer)
{
	socklen_t size = sizeof(peer->few);
	gid_t *to = peer->few;
	int rc = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, to, &size);

	/* Too many: then it has said how many bytes they take. */
	if (rc < 0 && errno == ERANGE) {
		to = peer->many = malloc(size);
		if (to != NULL)
			rc = getsockopt(
			    fd, SOL_SOCKET, SO_PEERGROUPS, to, &size);
	}
	peer->groups.id = to;
	peer->groups.count = rc == 0 ? size / sizeof(gid_t) : 0;
}

int peer_read(int fd, struct peer *peer)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0) {
		LM_ERR("rpc: SO_PEERCRED: %m");
		return -KM_ESYS;
	}
	peer->id = (struct rpc_peer){ cred.pid, cred.uid, cred.gid };
	peer->many = NULL;
	read_groups(fd, peer);
	return 0;
}

void peer_fini(struct peer *peer)
{
	free(peer->many);
}

void peer_remedy(
    const struct rpc_peer *peer, enum rpc_role role, struct peer_remedy *to)
{
	const char *name = rpc_role_names[role];

	snprintf(to->param, sizeof(to->param), "rpc_%s_users", name);
	snprintf(to->hint, sizeof(to->hint),
	    "name uid %u in rpc_%s_users, or a group of it in rpc_%s_groups, "
	    "and restart",
	    (unsigned)peer->uid, name, name);
}
