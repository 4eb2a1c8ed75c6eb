/* SPDX-License-Identifier: ISC */
/* points_chunk.h - the chunk of a kmemd of which somebody is killed. */
#ifndef TESTS_STRESS_POINTS_CHUNK_H
#define TESTS_STRESS_POINTS_CHUNK_H
/*
 * For who has attached: the slots, and which steps of somebody else change the
 * chunk.
 *
 * Lifetime: that of the attachment. Concurrency: one thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mem/pool.h"

/* ---- slots -------------------------------------------------------------- */

uint32_t points_top(void); /* no slot above it has ever been taken */
const struct pool_slot *points_slot(uint32_t i);
uint32_t points_state(uint32_t i);

unsigned points_live_slots(void);

/* Whether this process is in a slot under its name. */
bool points_is_live(pid_t pid);

/*
 * Dead, or given out again; nothing is half done of the dead. `dead` is not
 * live, 0: nobody in particular. False: `why` in words.
 */
bool points_slots_are_well(pid_t dead, char *why, size_t size);

/* ---- changes ------------------------------------------------------------ */

/* What it is like now, to be compared with. Returns 0, or -1: no memory. */
int points_copy_open(void);
/* The same again: no page is hot. */
void points_copy_again(void);

/*
 * Whether it has changed since the last call. `hot`: of those pages alone; else
 * any that has is hot from now on.
 */
bool points_copy_changed(bool hot);

/* The pages of a slot are hot. */
void points_copy_watch(uint32_t slot);

#endif
