/* SPDX-License-Identifier: ISC */
/* writer.h - where a result is written: one interface, several forms. */
#ifndef CTL_WRITER_H
#define CTL_WRITER_H
/*
 * A view says what comes, in order; the writer gives it a form. key is the
 * member's name, NULL for an array's entry and at the top.
 *
 * Lifetime: until freed; the stream stays the caller's.
 * Concurrency: one thread.
 */
#include <stdbool.h>
#include <stdio.h>

struct json_object;
struct writer;

enum writer_form {
	WRITER_TEXT,	 /* as Kamailio's operators know it */
	WRITER_JSON,	 /* compact, one line for each reply */
	WRITER_PRETTY,	 /* JSON, a line for each member */
	WRITER_TEMPLATE, /* the values alone, in a template */
	WRITER_FORM__COUNT
};

struct writer_style {
	enum writer_form form;
	const char *template; /* of WRITER_TEMPLATE, checked; borrowed */
	bool human;	      /* sizes and times in units; not in JSON */
	bool lines; /* sites that are addresses: see place.h; not in JSON */
	bool colour;
};

/* Returns 0 and *writer, or -KM_ENOMEM. */
int writer_new(
    const struct writer_style *style, FILE *out, struct writer **writer);
void writer_free(struct writer **writer);

void writer_struct_begin(struct writer *writer, const char *key);
void writer_struct_end(struct writer *writer);
void writer_array_begin(struct writer *writer, const char *key);
void writer_array_end(struct writer *writer);

/* A string, number, boolean or null; borrowed. */
void writer_value(
    struct writer *writer, const char *key, struct json_object *value);

/* Whether the pages of one result are to be shown as one. */
bool writer_joins_pages(const struct writer *writer);

/* Whether an error reply is part of the output. */
bool writer_shows_errors(const struct writer *writer);

/* Push everything out. 0, or -KM_ESYS if any of it was lost; errno tells. */
int writer_flush(struct writer *writer);

#endif
