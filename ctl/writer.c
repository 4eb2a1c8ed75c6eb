/* SPDX-License-Identifier: ISC */
/* writer.c - where a result is written: one interface, several forms. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "base/err.h"
#include "ctl/writer.h"
#include "ctl/writer_ops.h"

static const struct writer_ops *const forms[] = {
	[WRITER_TEXT] = &writer_text_ops,
	[WRITER_JSON] = &writer_json_ops,
};

_Static_assert(sizeof(forms) / sizeof(forms[0]) == WRITER_FORM__COUNT,
    "an implementation for each form");

int writer_new(enum writer_form form, FILE *out, struct writer **writer)
{
	*writer = calloc(1, sizeof(**writer));
	if (*writer == NULL)
		return -KM_ENOMEM;
	(*writer)->ops = forms[form];
	(*writer)->out = out;
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
	writer->level++;
}

void writer_struct_end(struct writer *writer)
{
	assert(writer->level > 0);
	writer->level--;
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

/* errno is the failed write's also when it failed before this flush: stdio
 * does not touch it when it succeeds. */
int writer_flush(struct writer *writer)
{
	if (fflush(writer->out) != 0 || ferror(writer->out))
		return -KM_ESYS;
	return 0;
}
