/* SPDX-License-Identifier: ISC */
/* terminal.c - what the other end of a stream is. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/terminal.h"

bool terminal_is(FILE *stream)
{
	int saved = errno;
	bool is = isatty(fileno(stream)) == 1;

	errno = saved;
	return is;
}

bool terminal_has_sequences(FILE *stream)
{
	const char *term = getenv("TERM");

	return term != NULL && *term != '\0' && strcmp(term, "dumb") != 0 &&
	       terminal_is(stream);
}

bool terminal_has_colour(FILE *stream)
{
	const char *no_color = getenv("NO_COLOR");

	if (no_color != NULL && *no_color != '\0')
		return false;
	return terminal_has_sequences(stream);
}

void terminal_size(FILE *stream, unsigned *rows, unsigned *columns)
{
	struct winsize size = { 0 };

	ioctl(fileno(stream), TIOCGWINSZ, &size);
	*rows = size.ws_row > 0 ? size.ws_row : 24;
	*columns = size.ws_col > 0 ? size.ws_col : 80;
}
