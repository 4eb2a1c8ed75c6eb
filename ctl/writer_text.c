/* SPDX-License-Identifier: ISC */
/* writer_text.c - results in the shape that Kamailio's operators know. */
#include "config.h"

#include <json-c/json.h>

#include "ctl/escape.h"
#include "ctl/writer_ops.h"

static void start_line(struct writer *writer, const char *key)
{
	for (unsigned i = 0; i < writer->indent; i++)
		fputc('\t', writer->out);
	if (key == NULL)
		return;
	writer_put_key(writer, key, ESCAPE_LINE);
	fputs(": ", writer->out);
}

static void open_brace(struct writer *writer, const char *key)
{
	start_line(writer, key);
	fputs("{\n", writer->out);
	writer->indent++;
}

static void close_brace(struct writer *writer)
{
	writer->indent--;
	start_line(writer, NULL);
	fputs("}\n", writer->out);
}

/* An array at the top is only its entries, one after the other. */
static void array_begin(struct writer *writer, const char *key)
{
	if (writer->level > 0)
		open_brace(writer, key);
}

static void array_end(struct writer *writer)
{
	if (writer->level > 0)
		close_brace(writer);
}

/* A lone string at the top may have lines: a help text. Elsewhere a newline
 * could be taken for the structure's. */
static void put_value(
    struct writer *writer, const char *key, struct json_object *value)
{
	start_line(writer, key);
	if (value == NULL && writer->level == 0)
		fputs("ok", writer->out); /* it was done, and that is all */
	else
		writer_put_plain(writer, key, value,
		    writer->level == 0 ? ESCAPE_TEXT : ESCAPE_LINE);
	fputc('\n', writer->out);
}

const struct writer_ops writer_text_ops = {
	.struct_begin = open_brace,
	.struct_end = close_brace,
	.array_begin = array_begin,
	.array_end = array_end,
	.value = put_value,
	.joins_pages = true,
};
