/* SPDX-License-Identifier: ISC */
/* client.h - the blocking client of kmemctl and of the tests. */
#ifndef RPC_CLIENT_H
#define RPC_CLIENT_H
/*
 * Lifetime: until closed; after an error the client is of no more use.
 * Concurrency: one thread.
 */
#include <stdbool.h>

struct json_object;
struct rpc_client;

/*
 * Connect to a socket. timeout_ms is for this and for each call, -1: no limit.
 * Returns 0 and *client; -KM_ESYS (errno tells: ENOENT, ECONNREFUSED, ...);
 * -KM_ETIMEOUT.
 */
int rpc_client_open(
    const char *path, int timeout_ms, struct rpc_client **client);

/*
 * Call a method. Takes over params (array or object, NULL: none) and gives
 * the whole reply, with its member "result" or "error"; the caller puts it.
 * Returns 0; -KM_ETIMEOUT; -KM_ECLOSED; -KM_EPROTO: no JSON-RPC reply;
 * -KM_EINTERRUPTED.
 */
int rpc_client_call(struct rpc_client *client, const char *method,
    struct json_object *params, struct json_object **reply);

/* From now on, a call that would wait ends when fd is readable; -1: no fd. */
void rpc_client_set_wake(struct rpc_client *client, int fd);

/*
 * Whether the connection can take another call: false when the server has
 * closed it meanwhile (idle too long, restarted) or says what nobody asked.
 * Between calls only; returns at once.
 */
bool rpc_client_is_open(const struct rpc_client *client);

void rpc_client_close(struct rpc_client **client);

#endif
