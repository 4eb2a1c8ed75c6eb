/* SPDX-License-Identifier: ISC */
/* fake_server.h - a server for tests that answers well, badly, or never. */
#ifndef TESTS_FAKE_SERVER_H
#define TESTS_FAKE_SERVER_H
/*
 * A process of its own, on a socket that listens before fake_server_start()
 * returns. What it does is decided by the method's name: see its table.
 * Lifetime: until stopped. Concurrency: one connection after the other.
 */
#include <sys/types.h>

/* Returns its pid, or -1 and errno. */
pid_t fake_server_start(const char *path);

/* Kill it and remove its socket. */
void fake_server_stop(pid_t *pid, const char *path);

#endif
