/* SPDX-License-Identifier: ISC */
/* delta.h - what has changed between two results of one method. */
#ifndef CTL_DELTA_H
#define CTL_DELTA_H
#include <stdbool.h>

struct json_object;

struct delta_how {
	double seconds; /* between the two, for the rate; above 0 */
	bool human;	/* in units: see human.h */
};

/*
 * A copy of now in which each number that has another value in last is a text,
 * "120  +20 (+10/s)". Structs are compared with the one of the same pid, name,
 * address and so on, wherever it was in its array. last may be NULL. Returns
 * NULL when now is, or without memory; the caller puts it.
 */
struct json_object *delta_of(struct json_object *now, struct json_object *last,
    const struct delta_how *how);

#endif
