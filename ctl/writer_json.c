/* SPDX-License-Identifier: ISC */
/* writer_json.c - results as JSON: one line each, or one for each member. */
#include "config.h"

#include <json-c/json.h>

#include "ctl/escape.h"
#include "ctl/writer_ops.h"

static void put_string(struct writer *writer, const char *text, size_t len)
{
	fputc('"', writer->out);
	escape_put(writer->out, ESCAPE_JSON, text, len);
	fputc('"', writer->out);
}

/* Where JSON is spread, two blanks for each level. */
static void new_line(struct writer *writer)
{
	if (writer->ops->spreads)
		fprintf(writer->out, "\n%*s", (int)writer->level * 2, "");
}

static void start(struct writer *writer, const char *key)
{
	if (writer->comma)
		fputc(',', writer->out);
	if (writer->level > 0)
		new_line(writer);
	if (key == NULL)
		return;
	fputc('"', writer->out);
	writer_put_key(writer, key, ESCAPE_JSON);
	fputs(writer->ops->spreads ? "\": " : "\":", writer->out);
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

/* A comma would be due: so there was something in it. */
static void end(struct writer *writer, char bracket)
{
	if (writer->comma)
		new_line(writer);
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

const struct writer_ops writer_pretty_ops = {
	.struct_begin = struct_begin,
	.struct_end = struct_end,
	.array_begin = array_begin,
	.array_end = array_end,
	.value = put_value,
	.shows_errors = true,
	.spreads = true,
};
