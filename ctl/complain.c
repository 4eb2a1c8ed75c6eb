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
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&message, fmt, ap) < 0)
		message = NULL;
	va_end(ap);
	fputs("kmemctl: ", stderr);
	put("", what, ": ");
	put("", message != NULL ? message : "out of memory", "");
	put(" (", hint, ")");
	fputc('\n', stderr);
	free(message);
	errno = saved;
}
