/* SPDX-License-Identifier: ISC */
/* conf_text.c - reads the configuration file and blanks its comments. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/conf_text.h"

#define BLANKS " \t\r\n"

/* Where the scan is. */
enum place {
	PLAIN,
	QUOTED,	       /* in '...' or "..." */
	LINE_COMMENT,  /* # or // to the end of the line */
	BLOCK_COMMENT, /* to the star and slash */
};

struct scan {
	char *at, *end;
	enum place place;
	char quote;	/* QUOTED: what ends it */
	unsigned line;	/* of *at */
	unsigned begin; /* line of the quotation or block comment */
};

static bool is_pair(const struct scan *s, char first, char second)
{
	return s->at[0] == first && s->at + 1 < s->end && s->at[1] == second;
}

/* "//" in the middle of a word, as in a path or URL, is no comment. */
static bool begins_word(const struct scan *s, const char *start)
{
	return s->at == start || strchr(" \t\r\n={}(),\"'", s->at[-1]) != NULL;
}

/* How far does the token at s->at reach that is not to be looked into? */
static size_t step(struct scan *s, const char *start)
{
	if (s->place == QUOTED) {
		if (s->at[0] == '\\' && s->at + 1 < s->end)
			return 2;
		if (s->at[0] == s->quote)
			s->place = PLAIN;
		return 1;
	}
	if (s->place == LINE_COMMENT) {
		if (s->at[0] == '\n')
			s->place = PLAIN;
		return 1;
	}
	if (s->place == BLOCK_COMMENT) {
		if (!is_pair(s, '*', '/'))
			return 1;
		s->place = PLAIN;
		memset(s->at, ' ', 2);
		return 2;
	}
	s->begin = s->line;
	if (s->at[0] == '"' || s->at[0] == '\'') {
		s->place = QUOTED;
		s->quote = s->at[0];
	} else if (s->at[0] == '#' ||
		   (is_pair(s, '/', '/') && begins_word(s, start))) {
		s->place = LINE_COMMENT;
	} else if (is_pair(s, '/', '*')) {
		s->place = BLOCK_COMMENT;
		memset(s->at, ' ', 2);
		return 2;
	}
	return 1;
}

/* Pass over n bytes; those of a comment become blanks, but line ends stay. */
static void pass(struct scan *s, size_t n)
{
	for (; n > 0; n--, s->at++) {
		if (*s->at == '\n')
			s->line++;
		else if (s->place == LINE_COMMENT || s->place == BLOCK_COMMENT)
			*s->at = ' ';
	}
}

static int refuse(struct conf_text *text, unsigned line, const char *why)
{
	text->line = line;
	text->why = why;
	return -KM_EINVAL;
}

int conf_text_blank(struct conf_text *text)
{
	struct scan s = { .at = text->bytes, .line = 1 };

	s.end = text->bytes + text->size;
	while (s.at < s.end) {
		if (*s.at == '\0')
			return refuse(text, s.line,
			    "a NUL byte: this is not a text file");
		pass(&s, step(&s, text->bytes));
	}
	if (s.place == QUOTED)
		return refuse(
		    text, s.begin, "the quotation that begins here has no end");
	if (s.place == BLOCK_COMMENT)
		return refuse(
		    text, s.begin, "the comment that begins here has no end");
	return 0;
}

/* All of the file, or an empty line. */
static int read_all(int fd, struct conf_text *text)
{
	ssize_t n;

	text->bytes = malloc(CONF_TEXT_MAX + 2);
	if (text->bytes == NULL)
		return -KM_ENOMEM;
	do {
		n = read(fd, text->bytes + text->size,
		    CONF_TEXT_MAX + 1 - text->size);
		if (n < 0 && errno != EINTR)
			return -KM_ESYS;
		text->size += n > 0 ? (size_t)n : 0;
		if (text->size > CONF_TEXT_MAX)
			return -KM_ELIMIT;
	} while (n != 0);
	if (text->size == 0) /* fmemopen() wants a byte */
		text->bytes[text->size++] = '\n';
	return 0;
}

int conf_text_read(const char *path, struct conf_text *text)
{
	int rc, saved, fd;

	memset(text, 0, sizeof(*text));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -KM_ENOENT : -KM_ESYS;
	rc = read_all(fd, text);
	saved = errno;
	close(fd);
	errno = saved;
	return rc < 0 ? rc : conf_text_blank(text);
}

void conf_text_free(struct conf_text *text)
{
	free(text->bytes);
	text->bytes = NULL;
}

unsigned conf_text_last(
    const struct conf_text *text, const char **line, size_t *size)
{
	const char *begin, *end = text->bytes + text->size;
	unsigned number = 1;

	while (end > text->bytes && strchr(BLANKS, end[-1]) != NULL)
		end--;
	if (end == text->bytes)
		return 0;
	for (begin = end; begin > text->bytes && begin[-1] != '\n'; begin--)
		;
	for (const char *p = text->bytes; p < begin; p++)
		number += *p == '\n';
	while (strchr(BLANKS, *begin) != NULL)
		begin++;
	*line = begin;
	*size = (size_t)(end - begin);
	return number;
}
