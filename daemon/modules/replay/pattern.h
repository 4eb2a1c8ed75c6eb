/* SPDX-License-Identifier: ISC */
/* pattern.h - what a block of a replay is filled with. */
#ifndef KMEMD_REPLAY_PATTERN_H
#define KMEMD_REPLAY_PATTERN_H
/*
 * Every byte follows from the block's id, its size and the byte's place, so a
 * block that somebody else has written to, or whose content did not move with
 * it, is found out, with the place.  Concurrency: plain functions.
 */
#include <stddef.h>
#include <stdint.h>

/* Fill size bytes. */
void pattern_fill(void *block, uint32_t id, size_t size);

/*
 * Compare the first n bytes of what was filled as a block of `size`.
 * Returns the offset of the first byte that differs, or n.
 */
size_t pattern_check(const void *block, uint32_t id, size_t size, size_t n);

#endif
