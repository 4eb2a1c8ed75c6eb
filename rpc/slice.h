/* SPDX-License-Identifier: ISC */
/* slice.h - parts of a JSON text, exactly as they were sent. */
#ifndef RPC_SLICE_H
#define RPC_SLICE_H
/*
 * An id must come back byte for byte: 1.0 is not 1, and a number may have
 * more digits than any C type.  So the members of a request are cut out of
 * its text, not out of a tree.  All texts here are correct JSON already.
 *
 * Lifetime: a slice is borrowed from its text.
 */
#include <stdbool.h>
#include <stddef.h>

struct slice {
	const char *text; /* NULL: there is none */
	size_t len;
};

/* A place in an array or object. */
struct slice_walk {
	const char *at, *end;
	bool in_object;
};

/* Start in the text of an array or an object. */
void slice_walk_init(struct slice_walk *walk, struct slice container);

/*
 * The next element, or member: its name with the quotes, and its value.
 * False at the end.
 */
bool slice_walk_next(
    struct slice_walk *walk, struct slice *name, struct slice *value);

/*
 * The text of a string: decoded into buf, ended by a NUL, cut at a whole
 * character when it is too long. Returns 0; -KM_EINVAL when it is no string;
 * -KM_ERANGE when it has a NUL inside; -KM_ENOMEM.
 */
int slice_string(struct slice string, char *buf, size_t size);

/* Take an incomplete UTF-8 character off the end of a text that was cut. */
void slice_clip_utf8(char *text);

#endif
