/* SPDX-License-Identifier: ISC */
/* connection.h - the connection to kmemd, opened when it is needed. */
#ifndef CTL_CONNECTION_H
#define CTL_CONNECTION_H
/*
 * Says on stderr what went wrong, with the socket's name and a remedy.
 * After an error it is closed, and the next call opens it again.
 *
 * Lifetime: until freed; socket is borrowed. Concurrency: one thread.
 */
#include "ctl/status.h"

struct connection;
struct json_object;

/* Returns 0 and *connection, or -KM_ENOMEM. Does not connect yet. */
int connection_new(
    const char *socket, int timeout_ms, struct connection **connection);
void connection_free(struct connection **connection);

/*
 * Call a method; takes over params. STATUS_OK and *reply, with its member
 * "result" or "error", which the caller puts; else STATUS_NO_CONNECTION,
 * STATUS_TIMEOUT or STATUS_BROKEN, and it has said why. When a signal ended
 * it (interrupt.h), it is STATUS_TIMEOUT and nothing has been said.
 */
enum status connection_call(struct connection *connection, const char *method,
    struct json_object *params, struct json_object **reply);

#endif
