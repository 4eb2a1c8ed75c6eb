/* SPDX-License-Identifier: ISC */
/* writer_template.c - the values of a result alone, in a template. */
#include "config.h"

#include <json-c/json.h>

#include "ctl/escape.h"
#include "ctl/template.h"
#include "ctl/writer_ops.h"

/*
 * at is where the template goes on: after a place, the text up to the next
 * one has been printed already, so that the end of a line is not late.
 */
static void to_next_place(struct writer *writer)
{
	writer->at_place = template_to_place(writer->out, &writer->at);
	if (!writer->at_place)
		writer->at = writer->style.template;
}

/* A result has ended: what is left of the template, its places empty. */
static void finish(struct writer *writer)
{
	if (writer->level > 0)
		return;
	while (writer->at_place)
		to_next_place(writer);
	if (!template_has_place(writer->style.template))
		to_next_place(writer);
}

static void begin(struct writer *writer, const char *key)
{
}

/* That something was done is no value, else null is one. */
static void put_value(
    struct writer *writer, const char *key, struct json_object *value)
{
	bool is_value = value != NULL || writer->level > 0;

	if (is_value && template_has_place(writer->style.template)) {
		if (!writer->at_place)
			to_next_place(writer);
		writer_put_plain(writer, key, value, ESCAPE_LINE);
		to_next_place(writer);
	}
	finish(writer);
}

const struct writer_ops writer_template_ops = {
	.struct_begin = begin,
	.struct_end = finish,
	.array_begin = begin,
	.array_end = finish,
	.value = put_value,
	.joins_pages = true,
};
