/* SPDX-License-Identifier: ISC */
/* writer_json.c - results as compact JSON, one line each. */
#include "config.h"

#include <json-c/json.h>
#include <string.h>

#include "ctl/escape.h"
#include "ctl/writer_ops.h"

static void put_string(struct writer *writer, const char *text, size_t len)
{
	fputc('"', writer->out);
	escape_put(writer->out, ESCAPE_JSON, text, len);
	fputc('"', writer->out);
}

static void start(struct writer *writer, const char *key)
{
	if (writer->comma)
		fputc(',', writer->out);
	if (key == NULL)
		return;
	put_string(writer, key, strlen(key));
	fputc(':', writer->out);
}

/* What was written is complete; at the top it was the whole line. */
static void finish(struct writer *writer)
{
	writer->comma = writer->level > 0;
	if (writer->level == 0)
		fputc('\n', writer->out);
}

static void begin(struct writer *writer, const char *key, char bracket)
{
	start(writer, key);
	fputc(bracket, writer->out);
	writer->comma = false;
}

static void end(struct writer *writer, char bracket)
{
	fputc(bracket, writer->out);
	finish(writer);
}

static void struct_begin(struct writer *writer, const char *key)
{
	begin(writer, key, '{');
}

static void struct_end(struct writer *writer)
{
	end(writer, '}');
}

static void array_begin(struct writer *writer, const char *key)
{
	begin(writer, key, '[');
}

static void array_end(struct writer *writer)
{
	end(writer, ']');
}

static void put_value(
    struct writer *writer, const char *key, struct json_object *value)
{
	start(writer, key);
	if (json_object_is_type(value, json_type_string))
		put_string(writer, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
	else
		fputs(json_object_to_json_string_ext(
			  value, JSON_C_TO_STRING_PLAIN),
		    writer->out);
	finish(writer);
}

const struct writer_ops writer_json_ops = {
	.struct_begin = struct_begin,
	.struct_end = struct_end,
	.array_begin = array_begin,
	.array_end = array_end,
	.value = put_value,
	.shows_errors = true,
};
