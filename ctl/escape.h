/* SPDX-License-Identifier: ISC */
/* escape.h - prints text of others without letting it drive the terminal. */
#ifndef CTL_ESCAPE_H
#define CTL_ESCAPE_H
/*
 * What comes from the server may hold names chosen by anybody. Control
 * characters (those of Unicode's C1 range too) and bytes that are no UTF-8
 * are therefore never printed as they are.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum escape {
	ESCAPE_LINE, /* \n \t \xNN: stays on one line */
	ESCAPE_TEXT, /* the same, but newlines and tabs are kept */
	ESCAPE_JSON, /* the inside of a JSON string; bad bytes become U+FFFD */
	ESCAPE__COUNT
};

/* Print len bytes. Errors stay in the stream: see ferror(3). */
void escape_put(FILE *out, enum escape how, const char *text, size_t len);

/* Whether a string is UTF-8 throughout. */
bool escape_is_utf8(const char *text);

#endif
