/* SPDX-License-Identifier: ISC */
/* writer_text.c - results in the shape that Kamailio's operators know. */
#include "config.h"

#include <json-c/json.h>
#include <string.h>

#include "ctl/escape.h"
#include "ctl/writer_ops.h"

static void start_line(struct writer *writer, const char *key)
{
	for (unsigned i = 0; i < writer->indent; i++)
		fputc('\t', writer->out);
	if (key == NULL)
		return;
	escape_put(writer->out, ESCAPE_LINE, key, strlen(key));
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
static void put_string(struct writer *writer, struct json_object *value)
{
	escape_put(writer->out, writer->level == 0 ? ESCAPE_TEXT : ESCAPE_LINE,
	    json_object_get_string(value),
	    (size_t)json_object_get_string_len(value));
}

static void put_value(
    struct writer *writer, const char *key, struct json_object *value)
{
	start_line(writer, key);
	if (json_object_is_type(value, json_type_string))
		put_string(writer, value);
	else if (value == NULL && writer->level == 0)
		fputs("ok", writer->out); /* it was done, and that is all */
	else
		fputs(json_object_to_json_string_ext(
			  value, JSON_C_TO_STRING_PLAIN),
		    writer->out);
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
