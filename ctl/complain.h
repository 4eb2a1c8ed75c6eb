/* SPDX-License-Identifier: ISC */
/* complain.h - error messages on stderr, all of one shape. */
#ifndef CTL_COMPLAIN_H
#define CTL_COMPLAIN_H
/*
 * "kmemctl: WHAT: message (hint)", escaped so that it stays one line.
 * what and hint may be NULL. Keeps errno; %m works. On a terminal with colours
 * it is red.
 */
void complain(const char *what, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* From now on they say first which line of a script is to blame; 0: none. */
void complain_of_line(unsigned long number);

#endif
