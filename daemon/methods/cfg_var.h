/* SPDX-License-Identifier: ISC */
/* cfg_var.h - what the methods cfg.* do with a variable. */
#ifndef KMEMD_METHODS_CFG_VAR_H
#define KMEMD_METHODS_CFG_VAR_H
/*
 * Where a function takes a call and returns bool, false means that the call
 * has been ended with an error.  All find what they need at its place in the
 * methods' rows: group, name, value, pid.
 *
 * Lifetime: a variable is valid as long as its group, that is, as the service.
 * Concurrency: the supervisor's one thread.
 */
#include <stdbool.h>

#include "daemon/group.h"
#include "daemon/methods/json.h"
#include "daemon/proc.h"
#include "rpc/method.h"

enum {
	CFG_GROUP,
	CFG_NAME,
	CFG_VALUE,
	CFG_PID
};

struct cfg_var {
	struct group *group;
	unsigned i;
};

struct cfg_value {
	const char *text; /* NULL: it is a number */
	int64_t number;
};

bool cfg_find_group(struct rpc_call *call, struct group **group);
bool cfg_find_var(struct rpc_call *call, struct cfg_var *var);
/* The same, and it applies at once. */
bool cfg_find_settable(struct rpc_call *call, struct cfg_var *var);

/* What parameter `arg` says; *proc NULL: it is left out, all processes. */
bool cfg_find_process(
    struct rpc_call *call, size_t arg, const struct proc **proc);

/* The new value, which the variable's row allows; borrowed from the call. */
bool cfg_find_value(
    struct rpc_call *call, const struct cfg_var *var, struct cfg_value *value);

/* As JSON: what is in force in a process; proc NULL: for the service. */
struct json_object *cfg_json(
    const struct cfg_var *var, const struct proc *proc);

/*
 * Store a value that is allowed, and write who did it to the log.  proc NULL:
 * for the service.
 */
void cfg_store(struct rpc_call *call, const struct cfg_var *var,
    const struct proc *proc, const struct cfg_value *value);

/* The same with what the service started with. */
void cfg_restore(struct rpc_call *call, const struct cfg_var *var);

/* Whether the process has the service's value of a variable. */
bool cfg_follows(const struct cfg_var *var, const struct proc *proc);

/*
 * {applied, of}: how many living processes there are, and of how many of them
 * is_so(arg, process) is true.
 */
struct json_object *cfg_applied(
    bool (*is_so)(const void *arg, const struct proc *proc), const void *arg);

#endif
