/* SPDX-License-Identifier: ISC */
/* param_rows.h - the rows of param.h, nothing else. */
#ifndef KMEMD_PARAM_ROWS_H
#define KMEMD_PARAM_ROWS_H
/*
 * X(id, name, type, min, max, default number, default text, unit, when, help)
 * Names and meanings are Kamailio's where it has them.
 */
#include "daemon/param_default.h"

#define PARAM_ROWS(X)                                                          \
	X(DEBUG, "debug", PARAM_INT, -5, 9, 2, NULL, "level", PARAM_AT_ONCE,   \
	    "messages of level <= debug are written")                          \
	X(WORKERS, "workers", PARAM_INT, 0, 1024, 4, NULL, "processes",        \
	    PARAM_AT_START, "number of worker processes (also: children)")

#endif
