/* SPDX-License-Identifier: ISC */
/* orphans.h - live blocks of shm whose owner is dead. */
#ifndef KMEMD_METHODS_ORPHANS_H
#define KMEMD_METHODS_ORPHANS_H
/*
 * shm.orphans lists them, shm.reap frees and shm.adopt gives away those of a
 * pid. shm.roots lists what is found by a name, which is no orphan.
 * Concurrency: the supervisor's one thread.
 */
#include <stdbool.h>
#include <stdint.h>

#include "mem/view.h"

struct rpc_call;

void shm_orphans(struct rpc_call *call);
void shm_reap(struct rpc_call *call);
void shm_adopt(struct rpc_call *call);
void shm_roots(struct rpc_call *call);

/* Whether a block is an orphan, of this pid or (0) of any; *slot: its owner. */
struct roots;
bool orphan_is(struct view *view, const struct roots *roots,
    const struct view_block *block, int64_t pid, struct pool_slot *slot);

#endif
