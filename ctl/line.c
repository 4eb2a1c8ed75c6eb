/* SPDX-License-Identifier: ISC */
/* line.c - a typed line cut into words, and words made into JSON values. */
#include "config.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ctl/escape.h"
#include "ctl/line.h"

#define BLANKS " \t\r\n\v\f"
#define DIGITS "0123456789"

struct cursor {
	const char *in;
	char *out;
	const char *why;
};

static bool is_blank(char c)
{
	return c != '\0' && strchr(BLANKS, c) != NULL;
}

static int copy_single(struct cursor *c)
{
	const char *end = strchr(++c->in, '\'');

	if (end == NULL) {
		c->why = "a ' is not closed";
		return -KM_EINVAL;
	}
	while (c->in < end)
		*c->out++ = *c->in++;
	c->in++;
	return 0;
}

static int copy_double(struct cursor *c)
{
	for (c->in++; *c->in != '"'; c->in++) {
		if (c->in[0] == '\\' && (c->in[1] == '"' || c->in[1] == '\\'))
			c->in++;
		if (*c->in == '\0') {
			c->why = "a \" is not closed";
			return -KM_EINVAL;
		}
		*c->out++ = *c->in;
	}
	c->in++;
	return 0;
}

static int copy_escaped(struct cursor *c)
{
	c->in++;
	if (*c->in == '\0') {
		c->why = "nothing follows the last \\";
		return -KM_EINVAL;
	}
	*c->out++ = *c->in++;
	return 0;
}

static const struct {
	char c;
	int (*copy)(struct cursor *c);
} marks[] = {
	{ '\'', copy_single },
	{ '"', copy_double },
	{ '\\', copy_escaped },
};

static int copy_piece(struct cursor *c)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (*c->in == marks[i].c)
			return marks[i].copy(c);
	*c->out++ = *c->in++;
	return 0;
}

static int copy_word(struct cursor *c)
{
	int rc;

	while (*c->in != '\0' && !is_blank(*c->in)) {
		rc = copy_piece(c);
		if (rc != 0)
			return rc;
	}
	*c->out++ = '\0';
	return 0;
}

/* The words lie one behind the other in words[0]. */
static int copy_words(struct line *line, struct cursor *c)
{
	int rc;

	for (;;) {
		c->in += strspn(c->in, BLANKS);
		if (*c->in == '\0' || *c->in == '#')
			return 0;
		line->words[line->count] = c->out;
		rc = copy_word(c);
		if (rc != 0)
			return rc;
		line->count++;
	}
}

/*
 * Unquoting only shortens, and each word but the last gives its blank for the
 * final NUL: so all words together fit in strlen + 1, and there are at most
 * half as many.
 */
static struct line *line_new(const char *text)
{
	size_t len = strlen(text);
	struct line *line = calloc(1, sizeof(*line));
	char *room = malloc(len + 1);

	if (line != NULL)
		line->words = calloc(len / 2 + 1, sizeof(*line->words));
	if (room == NULL || line == NULL || line->words == NULL) {
		if (line != NULL)
			free(line->words);
		free(line);
		free(room);
		return NULL;
	}
	line->words[0] = room;
	return line;
}

int line_split(const char *text, struct line **line, const char **why)
{
	struct cursor c = { .in = text };
	int rc;

	*line = line_new(text);
	if (*line == NULL) {
		*why = "out of memory";
		return -KM_ENOMEM;
	}
	c.out = (*line)->words[0];
	rc = copy_words(*line, &c);
	if (rc != 0) {
		*why = c.why;
		line_free(line);
	}
	return rc;
}

void line_free(struct line **line)
{
	if (*line == NULL)
		return;
	free((*line)->words[0]);
	free((*line)->words);
	free(*line);
	*line = NULL;
}

static bool is_whole_number(const char *word)
{
	word += *word == '-';
	return *word != '\0' && word[strspn(word, DIGITS)] == '\0';
}

static int value_int(const char *word, struct json_object **value)
{
	long long number;

	_Static_assert(sizeof(number) == sizeof(int64_t), "64-bit long long");
	if (!is_whole_number(word))
		return -KM_EINVAL;
	errno = 0;
	number = strtoll(word, NULL, 10);
	if (errno == ERANGE)
		return -KM_ERANGE;
	*value = json_object_new_int64(number);
	return *value != NULL ? 0 : -KM_ENOMEM;
}

static int value_string(const char *word, struct json_object **value)
{
	if (!escape_is_utf8(word))
		return -KM_EINVAL;
	*value = json_object_new_string(word);
	return *value != NULL ? 0 : -KM_ENOMEM;
}

int line_value(const char *word, struct json_object **value)
{
	*value = NULL;
	if (strncmp(word, "s:", 2) == 0)
		return value_string(word + 2, value);
	if (strncmp(word, "i:", 2) == 0)
		return value_int(word + 2, value);
	if (is_whole_number(word))
		return value_int(word, value);
	return value_string(word, value);
}
