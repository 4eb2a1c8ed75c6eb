/* SPDX-License-Identifier: ISC */
/* attach_call.h - the program's end of the attach socket. */
#ifndef KMEM_ATTACH_CALL_H
#define KMEM_ATTACH_CALL_H
/*
 * What fails says so in km_attach_why(), a text of the thread.
 *
 * Concurrency: none kept.
 */
#include "attach_msg.h"

/* Set the text; returns rc. */
int attach_fail(int rc, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Connect to kmemd. Returns 0 and *sock, which is closed by exec and does not
 * wait longer than timeout_ms; or < 0 as km_attach().
 */
int attach_connect(const char *path, unsigned timeout_ms, int *sock);

/*
 * Say HELLO, with a descriptor or -1, and wait for the answer. Returns 0 and
 * *reply, which is a WELCOME and has its memfd, if any; or < 0 as km_attach().
 */
int attach_call(int sock, const struct attach_msg *hello, int fd,
    struct attach_packet *reply);

#endif
