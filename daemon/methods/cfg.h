/* SPDX-License-Identifier: ISC */
/* cfg.h - the handlers of cfg.*, for the one table of them. */
#ifndef KMEMD_METHODS_CFG_H
#define KMEMD_METHODS_CFG_H
/*
 * Concurrency: the supervisor's one thread.
 */
#include <stddef.h>
#include <stdint.h>

struct rpc_call;

#define CFG_CORE "core" /* the group of kmemd's parameters */

/* cfg_set.c */
void cfg_set(struct rpc_call *call);
void cfg_reset(struct rpc_call *call);

/* cfg_delayed.c */
void cfg_set_delayed(struct rpc_call *call);
void cfg_commit(struct rpc_call *call);
void cfg_rollback(struct rpc_call *call);
void cfg_diff(struct rpc_call *call);

/* A variable of core that is a command: to set it is to run it. */
struct cfg_command {
	const char *name;
	const char *help;
	void (*set)(struct rpc_call *call, int64_t value);
};
/* NULL: no more. */
const struct cfg_command *cfg_command_at(size_t i);
/* What the call's group and name say; NULL: none of these. */
const struct cfg_command *cfg_command_find(const struct rpc_call *call);

#endif
