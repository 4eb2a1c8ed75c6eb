/* SPDX-License-Identifier: ISC */
/* rpc_talk.h - a session without a socket, and methods to ask, for tests. */
#ifndef TESTS_RPC_TALK_H
#define TESTS_RPC_TALK_H
/*
 * Lifetime: talk_setup() to talk_teardown(), the fixture of a test case.
 */
#include <stddef.h>

#include "rpc/limits.h"
#include "rpc/session.h"

#define TALK_OUTPUT_SIZE (1 << 20)

struct json_object;

struct talk {
	const struct rpc_method *const *tables;
	struct rpc_limits limits;
	struct rpc_session *session;
	char output[TALK_OUTPUT_SIZE];
	size_t len;
	size_t *total; /* for the next talk_open() */
	struct rpc_call *deferred[8];
	size_t n_deferred;
	size_t ended, cancelled, notified;
	size_t kept, released;	   /* of the method count */
	struct json_object *reply; /* of talk_next() */
};
extern struct talk talk;
extern const struct rpc_method *const talk_tables[];

void talk_setup(void);
/* The same with other methods than those of rpc_talk.c. */
void talk_setup_for(const struct rpc_method *const *tables);
void talk_teardown(void);

/* One more session, in the place of one that has been freed. */
void talk_open(enum rpc_role role);

void talk_feed(const char *text, size_t len);
/* Feed a text; gives all that comes out. */
const char *talk_ask(const char *text);
/* Feed a text, parse the one reply that comes out. */
void talk_next(const char *request);
/* A member of that reply, as "error.data.param"; borrowed; NULL: absent. */
struct json_object *talk_member(const char *path);
void talk_done(void);
/* That reply is this error; param NULL: it blames no parameter. */
void talk_expect_error(int code, const char *param);

/* rest: more members, each with a comma behind it. */
#define CALL(method, rest)                                                     \
	"{\"jsonrpc\":\"2.0\",\"method\":\"" method "\"," rest "\"id\":1}\n"

/* The error for what is no object. */
#define NO_OBJECT                                                              \
	"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":"         \
	"\"Invalid Request: no object\",\"data\":{\"hint\":\"{\\\"jsonrpc\\\"" \
	":\\\"2.0\\\",\\\"method\\\":\\\"NAME\\\",\\\"id\\\":1}\"}},"          \
	"\"id\":null}"

#endif
