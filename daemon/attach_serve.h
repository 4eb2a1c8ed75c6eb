/* SPDX-License-Identifier: ISC */
/* attach_serve.h - the attach socket of the supervisor: who gets in. */
#ifndef KMEMD_ATTACH_SERVE_H
#define KMEMD_ATTACH_SERVE_H
/*
 * Lifetime: attach_serve_open() to attach_serve_close().
 * Concurrency: the supervisor's one thread.
 */
#include <sys/types.h>

struct event_base;

/*
 * Listen as the parameters say. The socket is given to uid and gid, -1 leaves
 * one as it is. Returns 0, or < 0 (logged).
 */
int attach_serve_open(struct event_base *base, uid_t uid, gid_t gid);

/* Close all connections and remove the socket. Programs keep the chunk. */
void attach_serve_close(void);

/* In a worker, right after the fork. */
void attach_serve_leave(void);

#endif
