/* SPDX-License-Identifier: ISC */
/* scan.h - finds the end of a JSON text in bytes that arrive in pieces. */
#ifndef RPC_SCAN_H
#define RPC_SCAN_H
/*
 * A strict reader of RFC 8259 that keeps no value: one byte of state, one bit
 * per level of nesting.  A text is given to json-c only when it has been seen
 * whole and is correct, because a tree costs up to 300 times its text: a
 * peer that never ends its request must not make us build one.
 *
 * Lifetime: from scan_init() to the result that is not SCAN_MORE.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_DEPTH_MAX 1024 /* levels that the bit set has room for */

enum scan_result {
	SCAN_MORE, /* all bytes are taken, the text goes on */
	SCAN_DONE, /* the text ends before byte *used */
	SCAN_BAD,  /* byte *used cannot stand there: see scan_wanted() */
	SCAN_DEEP, /* byte *used opens a level too many */
	SCAN_MANY, /* byte *used begins a value too many */
	SCAN__COUNT
};

enum scan_state {
	SCAN_AT_START,
	SCAN_AT_VALUE,
	SCAN_AT_FIRST_ELEMENT,
	SCAN_AT_FIRST_NAME,
	SCAN_AT_NAME,
	SCAN_AT_COLON,
	SCAN_AFTER_VALUE,
	SCAN_IN_STRING,
	SCAN_IN_ESCAPE,
	SCAN_IN_HEX,
	SCAN_IN_UTF8,
	SCAN_IN_LITERAL,
	SCAN_IN_MINUS,
	SCAN_IN_ZERO,
	SCAN_IN_INTEGER,
	SCAN_IN_POINT,
	SCAN_IN_FRACTION,
	SCAN_IN_E,
	SCAN_IN_E_SIGN,
	SCAN_IN_EXPONENT,
	SCAN_STATE__COUNT
};

struct scan {
	enum scan_state state;
	unsigned depth, depth_max;
	unsigned values, values_max;
	bool in_name;	     /* the string is a member's name */
	unsigned left;	     /* hex digits or UTF-8 bytes still to come */
	unsigned char low;   /* what the next UTF-8 byte must be, */
	unsigned char high;  /* from low to high */
	const char *literal; /* rest of true, false or null */
	uint8_t is_object[SCAN_DEPTH_MAX / 8];
};

void scan_init(struct scan *scan, unsigned depth_max, unsigned values_max);

/* Take bytes; *used says how many belong to the text. */
enum scan_result scan_feed(
    struct scan *scan, const char *bytes, size_t len, size_t *used);

/* The input ends here: SCAN_DONE for a number, else SCAN_BAD. */
enum scan_result scan_end(struct scan *scan);

/* Whether a byte that is not white space has been seen. */
bool scan_has_begun(const struct scan *scan);

/* What would have been right: "a value" ...; never NULL. */
const char *scan_wanted(const struct scan *scan);

#endif
