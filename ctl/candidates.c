/* SPDX-License-Identifier: ISC */
/* candidates.c - words that could stand where one is being typed. */
#include "config.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ctl/candidates.h"

/* What method names, variables and the like are made of, and file names. */
#define PLAIN "-_.,:+=@%/"

struct candidate {
	char *word, *about; /* about may be NULL */
};

struct candidates {
	const char *typed;
	size_t count, room;
	struct candidate *rows;
};

int candidates_new(const char *typed, struct candidates **candidates)
{
	*candidates = calloc(1, sizeof(**candidates));
	if (*candidates == NULL)
		return -KM_ENOMEM;
	(*candidates)->typed = typed;
	return 0;
}

void candidates_free(struct candidates **candidates)
{
	struct candidates *c = *candidates;

	if (c == NULL)
		return;
	for (size_t i = 0; i < c->count; i++) {
		free(c->rows[i].word);
		free(c->rows[i].about);
	}
	free(c->rows);
	free(c);
	*candidates = NULL;
}

static bool is_plain(const char *word)
{
	for (const char *c = word; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr(PLAIN, *c) == NULL)
			return false;
	return *word != '\0';
}

static bool is_there(const struct candidates *c, const char *word)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->rows[i].word, word) == 0)
			return true;
	return false;
}

static bool has_room(struct candidates *c)
{
	size_t room = c->room * 2 + 16;
	struct candidate *rows;

	if (c->count < c->room)
		return true;
	rows = realloc(c->rows, room * sizeof(*rows));
	if (rows == NULL)
		return false;
	c->rows = rows;
	c->room = room;
	return true;
}

static char *copy_line(const char *text)
{
	char *line = text != NULL ? strdup(text) : NULL;

	for (char *c = line; c != NULL && *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	return line;
}

void candidates_add(struct candidates *c, const char *word, const char *about)
{
	struct candidate row;

	if (word == NULL || strncmp(word, c->typed, strlen(c->typed)) != 0 ||
	    !is_plain(word) || is_there(c, word) || !has_room(c))
		return;
	row.word = strdup(word);
	if (row.word == NULL)
		return;
	row.about = copy_line(about);
	c->rows[c->count++] = row;
}

void candidates_add_words(struct candidates *c, const char *words)
{
	char *copy = strdup(words), *at = copy, *word;

	while ((word = strsep(&at, " ")) != NULL)
		candidates_add(c, word, NULL);
	free(copy);
}

size_t candidates_count(const struct candidates *c)
{
	return c->count;
}

static int by_word(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return strcmp(x->word, y->word);
}

void candidates_sort(struct candidates *c)
{
	if (c->count > 1)
		qsort(c->rows, c->count, sizeof(*c->rows), by_word);
}

const char *candidates_word(const struct candidates *c, size_t i)
{
	return c->rows[i].word;
}

const char *candidates_about(const struct candidates *c, size_t i)
{
	return c->rows[i].about;
}

size_t candidates_common(const struct candidates *c)
{
	size_t common = c->count > 0 ? strlen(c->rows[0].word) : 0;

	for (size_t i = 1; i < c->count; i++)
		for (size_t at = 0; at < common; at++)
			if (c->rows[i].word[at] != c->rows[0].word[at])
				common = at;
	return common;
}
