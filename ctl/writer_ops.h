/* SPDX-License-Identifier: ISC */
/* writer_ops.h - what a form of output implements; for writer_*.c only. */
#ifndef CTL_WRITER_OPS_H
#define CTL_WRITER_OPS_H
#include <stdbool.h>
#include <stdio.h>

#include "ctl/escape.h"
#include "ctl/human.h"
#include "ctl/writer.h"

struct writer {
	const struct writer_ops *ops;
	struct writer_style style;
	FILE *out;
	unsigned level;	 /* begins not ended yet, before the one at hand */
	unsigned indent; /* of a form that indents, in tabs */
	bool comma;	 /* a form with separators: one is due */
	enum human_unit members; /* of the struct at hand, all alike */
	const char *at;		 /* of a template: where it goes on */
	bool at_place;		 /* there is a place before at, not filled */
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
	bool spreads; /* JSON on many lines */
};

/* A value as text, in units if the style says so; and a coloured key. */
void writer_put_plain(struct writer *writer, const char *key,
    struct json_object *value, enum escape how);
void writer_put_key(struct writer *writer, const char *key, enum escape how);

extern const struct writer_ops writer_text_ops;
extern const struct writer_ops writer_json_ops;
extern const struct writer_ops writer_pretty_ops;
extern const struct writer_ops writer_template_ops;

#endif
