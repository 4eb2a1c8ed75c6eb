/* SPDX-License-Identifier: ISC */
/* status.h - how kmemctl ends: its exit statuses. */
#ifndef CTL_STATUS_H
#define CTL_STATUS_H
/*
 * Each row is a name and what --help says about it; the row's place is the
 * number, which scripts rely on: only ever append.
 */
#define STATUS_ROWS(X)                                                         \
	X(OK, "the server answered")                                           \
	X(REFUSED, "the server answered with an error")                        \
	X(USAGE, "wrong options, arguments or line")                           \
	X(NO_CONNECTION, "no connection, or not one that answers properly")    \
	X(TIMEOUT, "no answer in time")                                        \
	X(BROKEN, "kmemctl itself could not go on: input, output or memory")

enum status {
#define X(name, text) STATUS_##name,
	STATUS_ROWS(X)
#undef X
	STATUS__COUNT
};

#endif
