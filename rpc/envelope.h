/* SPDX-License-Identifier: ISC */
/* envelope.h - what JSON-RPC 2.0 puts around a call and around its reply. */
#ifndef RPC_ENVELOPE_H
#define RPC_ENVELOPE_H
/*
 * Lifetime: a parsed envelope borrows from its text. Concurrency: none kept.
 * Builders append one compact object, without a newline, to a printbuf; they
 * return 0 or -KM_ENOMEM.
 */
#include <stdint.h>

#include "rpc/method.h"
#include "rpc/slice.h"

struct json_object;
struct printbuf;

#define ENVELOPE_METHOD_SIZE 128 /* bytes: a longer name is no method's */

/* Why something cannot be done, as the members of an error object. */
struct rpc_fault {
	enum rpc_code code;
	const char *message;
	const char *param; /* NULL: none is to blame */
	const char *hint;  /* NULL: none */
};

struct envelope {
	struct slice id;     /* as it was sent; no text: a notification */
	struct slice params; /* no text: none */
	char method[ENVELOPE_METHOD_SIZE];
};

/*
 * Read one request. Returns 0; -KM_EPROTO: it is none, and *fault says why;
 * the id may be known even then.
 */
int envelope_parse(
    struct slice text, struct envelope *env, struct rpc_fault *fault);

/* id: as it was sent; without text it becomes null. */
int envelope_build_result(
    struct printbuf *out, struct json_object *result, struct slice id);
int envelope_build_error(
    struct printbuf *out, const struct rpc_fault *fault, struct slice id);

/* The other direction, for a client. params is borrowed, NULL: none. */
int envelope_build_request(struct printbuf *out, const char *method,
    struct json_object *params, int64_t id);

#endif
