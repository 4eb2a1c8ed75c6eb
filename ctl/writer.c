/* SPDX-License-Identifier: ISC */
/* writer.c - where a result is written: one interface, several forms. */
#include "config.h"

#include <assert.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ctl/human.h"
#include "ctl/place.h"
#include "ctl/terminal.h"
#include "ctl/writer.h"
#include "ctl/writer_ops.h"

static const struct writer_ops *const forms[] = {
	[WRITER_TEXT] = &writer_text_ops,
	[WRITER_JSON] = &writer_json_ops,
	[WRITER_PRETTY] = &writer_pretty_ops,
	[WRITER_TEMPLATE] = &writer_template_ops,
};

_Static_assert(sizeof(forms) / sizeof(forms[0]) == WRITER_FORM__COUNT,
    "an implementation for each form");

int writer_new(
    const struct writer_style *style, FILE *out, struct writer **writer)
{
	*writer = calloc(1, sizeof(**writer));
	if (*writer == NULL)
		return -KM_ENOMEM;
	(*writer)->ops = forms[style->form];
	(*writer)->style = *style;
	(*writer)->out = out;
	(*writer)->at = style->template;
	return 0;
}

void writer_free(struct writer **writer)
{
	free(*writer);
	*writer = NULL;
}

void writer_struct_begin(struct writer *writer, const char *key)
{
	writer->ops->struct_begin(writer, key);
	writer->members = human_unit_of_members(key);
	writer->level++;
}

void writer_struct_end(struct writer *writer)
{
	assert(writer->level > 0);
	writer->level--;
	writer->members = HUMAN_NONE;
	writer->ops->struct_end(writer);
}

void writer_array_begin(struct writer *writer, const char *key)
{
	writer->ops->array_begin(writer, key);
	writer->level++;
}

void writer_array_end(struct writer *writer)
{
	assert(writer->level > 0);
	writer->level--;
	writer->ops->array_end(writer);
}

void writer_value(
    struct writer *writer, const char *key, struct json_object *value)
{
	writer->ops->value(writer, key, value);
}

bool writer_joins_pages(const struct writer *writer)
{
	return writer->ops->joins_pages;
}

bool writer_shows_errors(const struct writer *writer)
{
	return writer->ops->shows_errors;
}

void writer_put_key(struct writer *writer, const char *key, enum escape how)
{
	if (writer->style.colour)
		fputs(TERMINAL_KEY, writer->out);
	escape_put(writer->out, how, key, strlen(key));
	if (writer->style.colour)
		fputs(TERMINAL_PLAIN, writer->out);
}

static enum human_unit unit_of(const struct writer *writer, const char *key)
{
	enum human_unit unit = human_unit_of(key);

	return unit != HUMAN_NONE ? unit : writer->members;
}

void writer_put_plain(struct writer *writer, const char *key,
    struct json_object *value, enum escape how)
{
	enum human_unit unit = HUMAN_NONE;
	char buf[HUMAN_SIZE];
	const char *text;

	if (writer->style.human && json_object_is_type(value, json_type_int))
		unit = unit_of(writer, key);
	if (unit != HUMAN_NONE)
		fputs(human_text(unit, json_object_get_int64(value), buf),
		    writer->out);
	else if (json_object_is_type(value, json_type_string) &&
		 writer->style.lines) {
		text = place_of(json_object_get_string(value));
		escape_put(writer->out, how, text, strlen(text));
	} else if (json_object_is_type(value, json_type_string))
		escape_put(writer->out, how, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
	else
		fputs(json_object_to_json_string_ext(
			  value, JSON_C_TO_STRING_PLAIN),
		    writer->out);
}

/* errno is the failed write's also when it failed before this flush: stdio
 * does not touch it when it succeeds. */
int writer_flush(struct writer *writer)
{
	if (fflush(writer->out) != 0 || ferror(writer->out))
		return -KM_ESYS;
	return 0;
}
