/* SPDX-License-Identifier: ISC */
/* complain.c - error messages on stderr, all of one shape. */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/complain.h"
#include "ctl/escape.h"
#include "ctl/terminal.h"

static struct {
	unsigned long line; /* 0: not in a script */
} here;

void complain_of_line(unsigned long number)
{
	here.line = number;
}

static void put(const char *before, const char *text, const char *after)
{
	if (text == NULL)
		return;
	fputs(before, stderr);
	escape_put(stderr, ESCAPE_LINE, text, strlen(text));
	fputs(after, stderr);
}

void complain(const char *what, const char *hint, const char *fmt, ...)
{
	char *message = NULL;
	int saved = errno;
	bool colour = terminal_has_colour(stderr);
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&message, fmt, ap) < 0)
		message = NULL;
	va_end(ap);
	fputs(colour ? TERMINAL_ERROR : "", stderr);
	fputs("kmemctl: ", stderr);
	if (here.line > 0)
		fprintf(stderr, "line %lu: ", here.line);
	put("", what, ": ");
	put("", message != NULL ? message : "out of memory", "");
	put(" (", hint, ")");
	fputs(colour ? TERMINAL_PLAIN "\n" : "\n", stderr);
	free(message);
	errno = saved;
}
