/* SPDX-License-Identifier: ISC */
/* attach_peer.h - which process is at the other end of an attach socket. */
#ifndef KMEMD_ATTACH_PEER_H
#define KMEMD_ATTACH_PEER_H
/*
 * What the kernel says about it, not what it says itself.  A stopped or
 * debugged process is alive: there is no heartbeat.
 *
 * Lifetime: attach_peer_open() to attach_peer_close().
 * Concurrency: the supervisor's one thread.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct attach_peer {
	pid_t pid;
	uid_t uid;
	int pidfd; /* readable when it is dead; -1: closed */
};

/*
 * Of a connected socket whose SO_PEERCRED these are. Returns 0; -KM_ECLOSED:
 * it is dead already; -KM_ESYS: errno says why. *peer is good for
 * attach_peer_close() in any case.
 */
int attach_peer_open(int sock, pid_t pid, uid_t uid, struct attach_peer *peer);
void attach_peer_close(struct attach_peer *peer);

/* No instruction of it will run any more. */
bool attach_peer_is_dead(const struct attach_peer *peer);

/* It is on its way there: attach_peer_is_dead() will be true. */
bool attach_peer_is_exiting(const struct attach_peer *peer);

/*
 * Is this descriptor the memory of this very process, read-only? Asks nothing
 * of the file itself, which may be one that never answers.
 */
bool attach_peer_has_memory(const struct attach_peer *peer, int fd);

/* What that descriptor reads is gone: by exec, or since the process is dead. */
bool attach_memory_is_gone(int fd, uint64_t addr);

#endif
