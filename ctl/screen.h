/* SPDX-License-Identifier: ISC */
/* screen.h - a text that takes the place of the one shown before. */
#ifndef CTL_SCREEN_H
#define CTL_SCREEN_H
#include <stdio.h>

/*
 * From the upper left corner, in as many rows as there are. What does not fit
 * is counted in the last one. Text is as writers make it: tabs, UTF-8 and the
 * colours of terminal.h.
 */
void screen_show(FILE *out, const char *text);

/* How many rows len bytes of one line take. */
unsigned screen_rows(const char *line, size_t len, unsigned columns);

#endif
