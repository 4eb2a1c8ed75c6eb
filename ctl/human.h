/* SPDX-License-Identifier: ISC */
/* human.h - sizes and times in units that people read. */
#ifndef CTL_HUMAN_H
#define CTL_HUMAN_H
/*
 * A result does not say what its numbers count: that is known of some names
 * of members, which are rows of a table. Other numbers are left alone.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum human_unit {
	HUMAN_NONE,
	HUMAN_BYTES,   /* 896, 5.0K, 64.0M: steps of 1024 */
	HUMAN_SECONDS, /* 59s, 1m30s, 2h05m, 3d04h */
	HUMAN_UNIT__COUNT
};

#define HUMAN_SIZE 32 /* bytes of the longest text, with its NUL */

/* What a number under a key counts; key may be NULL. And what those do that
 * are members of a struct under a key, whatever their own is. */
enum human_unit human_unit_of(const char *key);
enum human_unit human_unit_of_members(const char *key);

/* A number in its unit, into buf of HUMAN_SIZE bytes; gives buf. */
const char *human_text(enum human_unit unit, int64_t number, char *buf);

#endif
