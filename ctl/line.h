/* SPDX-License-Identifier: ISC */
/* line.h - a typed line cut into words, and words made into JSON values. */
#ifndef CTL_LINE_H
#define CTL_LINE_H
/*
 * Words are separated by blanks. '...' and "..." keep blanks, \ keeps the
 * next character ('...' keeps it as it is, "..." knows \" and \\ only);
 * a word that begins with # starts a comment.
 *
 * Lifetime: a line owns its words. Concurrency: none needed, no state.
 */
#include <stddef.h>

struct json_object;

struct line {
	size_t count;
	char **words;
};

/*
 * Cut text. Returns 0 and *line, maybe without words; -KM_EINVAL and *why, a
 * constant that says what is wrong; -KM_ENOMEM and *why.
 */
int line_split(const char *text, struct line **line, const char **why);
void line_free(struct line **line);

/*
 * The JSON value that a word stands for: an integer for 5, -5 or i:5, else a
 * string; s:5 is the string "5". Returns 0 and *value, which the caller
 * puts; -KM_ERANGE: a number beyond 64 bits; -KM_EINVAL: i: before something
 * that is no whole number, or bytes that are no UTF-8; -KM_ENOMEM.
 */
int line_value(const char *word, struct json_object **value);

#endif
