/* SPDX-License-Identifier: ISC */
/* method.h - a method: its row in the table, and the call that it answers. */
#ifndef RPC_METHOD_H
#define RPC_METHOD_H
/*
 * The row is the one place that says what a method takes and is for: dispatch
 * checks parameters by it, system.* shows it, a lint compares the manual.
 *
 * A handler is given a struct rpc_call whose parameters have been checked
 * against the row and put in the row's order.  It ends the call exactly once,
 * with rpc_reply() or one of rpc_fail*(), at once or later from the event
 * loop; the call is gone then.
 *
 * Lifetime: rows are static. A call lives until it is ended; when its
 * connection goes first, its cancel hook runs and the call must not be used.
 * Concurrency: all of rpc/ belongs to one thread with one event loop.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct json_object;
struct rpc_call;

enum rpc_type {
	RPC_INT,
	RPC_STRING,
	RPC_BOOL,
	RPC_ANY,
	RPC_TYPE__COUNT
};
extern const char *const rpc_type_names[RPC_TYPE__COUNT]; /* "int" ... */

enum rpc_role {
	RPC_ROLE_READ,
	RPC_ROLE_DUMP,
	RPC_ROLE_ADMIN,
	RPC_ROLE__COUNT
};
extern const char *const rpc_role_names[RPC_ROLE__COUNT]; /* "read" ... */

struct rpc_param {
	const char *name; /* NULL ends a list */
	enum rpc_type type;
	bool optional;
	bool rest; /* last one: takes all further values, each of its type */
	const char *help;
};

struct rpc_method {
	const char *name; /* NULL ends a table */
	void (*handle)(struct rpc_call *call);
	const struct rpc_param *params; /* NULL: none */
	enum rpc_role role;
	const char *result;  /* what comes back, in a few words */
	const char *summary; /* one line */
	const char *help;    /* more lines, or NULL */
};

/* By name, in a NULL-terminated list of tables; NULL: there is none. */
const struct rpc_method *rpc_method_find(
    const struct rpc_method *const *tables, const char *name);

/* A hint for who asked for one that is not there: see near_hint(). */
const char *rpc_method_hint(const struct rpc_method *const *tables,
    const char *name, const char *rest, char *buf, size_t size);

/*
 * How to call it, for people: "mem.top [count:int]", "core.echo [value:any
 * ...]"; what is in brackets may be left out. Into buf, cut if need be; buf.
 */
const char *rpc_method_signature(
    const struct rpc_method *method, char *buf, size_t size);

/* Who asks, from SO_PEERCRED. */
struct rpc_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/* Error codes: those of JSON-RPC 2.0, and ours. */
enum rpc_code {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_METHOD_NOT_FOUND = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_INTERNAL_ERROR = -32603,
	RPC_FAILED = -32000,	/* the method could not do it: see message */
	RPC_DENIED = -32001,	/* the peer's role does not allow it */
	RPC_LIMIT = -32002,	/* over a limit: named in data.param */
	RPC_NOT_FOUND = -32003, /* no such process, variable ... */
	RPC_BUSY = -32004,	/* try again */
};

/*
 * Parameters, by their index in the row. Of an absent optional one, has is
 * false, int is 0, string is NULL. Strings are borrowed from the call.
 * rpc_arg_rest() gives the array of a rest parameter, borrowed, maybe empty.
 */
bool rpc_arg_has(const struct rpc_call *call, size_t i);
int64_t rpc_arg_int(const struct rpc_call *call, size_t i);
const char *rpc_arg_string(const struct rpc_call *call, size_t i);
bool rpc_arg_bool(const struct rpc_call *call, size_t i);
struct json_object *rpc_arg_any(const struct rpc_call *call, size_t i);
struct json_object *rpc_arg_rest(const struct rpc_call *call);

const struct rpc_method *rpc_call_method(const struct rpc_call *call);
const struct rpc_peer *rpc_call_peer(const struct rpc_call *call);

/* What the server was made with; and the table that dispatch uses. */
void *rpc_call_context(const struct rpc_call *call);
const struct rpc_method *const *rpc_call_tables(const struct rpc_call *call);

/*
 * The transport connection, an opaque identity that stays the same for all
 * calls of one connection (NULL when there is none, as in tests). Once it
 * has gone, another may have the same: what is kept for it is
 * rpc_call_keep()'s.
 */
const void *rpc_call_connection(const struct rpc_call *call);

/*
 * What a handler keeps for the calls that come after on the same connection:
 * release(data) frees it, and does nothing else, when the connection goes, in
 * a child after fork as well. Under one release there is one data.
 * rpc_call_keep() returns 0; -KM_EEXIST; or -KM_ENOMEM: then nothing is taken
 * over. rpc_call_kept() gives the data, borrowed; NULL: none.
 */
int rpc_call_keep(
    struct rpc_call *call, void *data, void (*release)(void *data));
void *rpc_call_kept(const struct rpc_call *call, void (*release)(void *data));

/*
 * For a handler that answers later: run cancel(arg) if the connection goes
 * before the call is ended. Replaces an earlier hook; NULL removes it.
 */
void rpc_call_on_cancel(
    struct rpc_call *call, void (*cancel)(void *arg), void *arg);

/* End the call with a result; takes it over. NULL is the JSON null. */
void rpc_reply(struct rpc_call *call, struct json_object *result);

/* End the call with an error. */
void rpc_fail(struct rpc_call *call, enum rpc_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The same, with data {"param": name, "hint": hint}: which parameter is to
 * blame and what would be right. Either may be NULL.
 */
void rpc_fail_param(struct rpc_call *call, enum rpc_code code,
    const char *param, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
