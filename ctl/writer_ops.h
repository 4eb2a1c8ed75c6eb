/* SPDX-License-Identifier: ISC */
/* writer_ops.h - what a form of output implements; for writer_*.c only. */
#ifndef CTL_WRITER_OPS_H
#define CTL_WRITER_OPS_H
#include <stdbool.h>
#include <stdio.h>

struct json_object;

struct writer {
	const struct writer_ops *ops;
	FILE *out;
	unsigned level;	 /* begins not ended yet, before the one at hand */
	unsigned indent; /* of a form that indents, in tabs */
	bool comma;	 /* a form with separators: one is due */
};

struct writer_ops {
	void (*struct_begin)(struct writer *writer, const char *key);
	void (*struct_end)(struct writer *writer);
	void (*array_begin)(struct writer *writer, const char *key);
	void (*array_end)(struct writer *writer);
	void (*value)(
	    struct writer *writer, const char *key, struct json_object *value);
	bool joins_pages;
	bool shows_errors;
};

extern const struct writer_ops writer_text_ops;
extern const struct writer_ops writer_json_ops;

#endif
