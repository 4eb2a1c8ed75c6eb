/* SPDX-License-Identifier: ISC */
/* screen.c - a text that takes the place of the one shown before. */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "ctl/screen.h"
#include "ctl/terminal.h"

#define HOME  "\033[H"
#define CLEAR "\033[J" /* from here to the end of the screen */
#define TAB   8

unsigned screen_rows(const char *line, size_t len, unsigned columns)
{
	const char *end = line + len;
	size_t width = 0;

	for (; line < end; line++) {
		if (*line == '\033')
			line += strcspn(line, "m"); /* a colour */
		else if (*line == '\t')
			width += TAB - width % TAB;
		else
			width += ((unsigned char)*line & 0xc0) != 0x80;
	}
	return width == 0 ? 1 : (unsigned)((width + columns - 1) / columns);
}

/* Lines from *text on that fit, and *text is after them then. */
static unsigned fitting(const char **text, unsigned rows, unsigned columns)
{
	unsigned lines = 0, used = 0;

	for (; **text != '\0'; lines++) {
		size_t len = strcspn(*text, "\n");

		used += screen_rows(*text, len, columns);
		if (used > rows)
			break;
		*text += len + ((*text)[len] == '\n');
	}
	return lines;
}

/* The cursor rests in the last row. When not all fits, the one above it says
 * how much is left. The caller's flush sends it in one piece: no flicker. */
void screen_show(FILE *out, const char *text)
{
	unsigned rows, columns, lines;
	const char *rest = text;

	terminal_size(out, &rows, &columns);
	rows = rows > 2 ? rows - 1 : 2;
	lines = fitting(&rest, rows, columns);
	if (*rest != '\0') {
		rest = text;
		lines = fitting(&rest, rows - 1, columns);
	}
	fputs(HOME CLEAR, out);
	for (; lines > 0; lines--) {
		size_t len = strcspn(text, "\n");

		fprintf(out, "%.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
	if (*text != '\0')
		fprintf(out, "... %u more lines\n",
		    fitting(&rest, UINT_MAX, columns));
}
