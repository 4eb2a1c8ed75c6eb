/* SPDX-License-Identifier: ISC */
/* terminal.h - what the other end of a stream is. */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H
#include <stdbool.h>
#include <stdio.h>

/* These two keep errno, so that a message may ask first. */
bool terminal_is(FILE *stream);

/* A terminal that knows the sequences of ECMA-48, as all but a dumb one do. */
bool terminal_has_sequences(FILE *stream);

/* The same, and NO_COLOR does not forbid colours. */
bool terminal_has_colour(FILE *stream);

/* Its size in characters; 24 and 80 when it does not say. */
void terminal_size(FILE *stream, unsigned *rows, unsigned *columns);

/* Sequences of the two colours there are, and of their end. */
#define TERMINAL_KEY   "\033[36m" /* cyan: names of members */
#define TERMINAL_ERROR "\033[31m" /* red */
#define TERMINAL_PLAIN "\033[m"

#endif
