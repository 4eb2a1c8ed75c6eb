/* SPDX-License-Identifier: ISC */
/* player.h - plays one operation of a trace on the pools of this process. */
#ifndef KMEMD_REPLAY_PLAYER_H
#define KMEMD_REPLAY_PLAYER_H
/*
 * Each block is filled with its pattern, and the pattern checked when the
 * block is freed or resized.
 *
 * Lifetime: made in the supervisor; a forked worker goes on with its copy, as
 * it goes on with its copy of the pkg pool, and sets its rank.
 * Concurrency: one thread of each process.
 */
#include <stdint.h>

#include "daemon/modules/replay/board.h"
#include "daemon/modules/replay/plan.h"

struct player;

/* For rank 0. Returns 0 and *player, or -KM_ENOMEM. */
int player_new(
    const struct plan *plan, struct board *board, struct player **player);
void player_free(struct player **player);

/* This process plays for that rank. */
void player_set_rank(struct player *player, uint32_t rank);
uint32_t player_rank(const struct player *player);

/*
 * Play the operation with this index. Whatever becomes of it is counted on the
 * board; broken patterns are logged, the first few of each process.
 */
void player_play(struct player *player, uint32_t op);

/* Free the block that operation `op` allocated, if it is still there. */
void player_clear(struct player *player, uint32_t op);

#endif
