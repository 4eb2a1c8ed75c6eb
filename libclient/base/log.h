/* SPDX-License-Identifier: ISC */
/* log.h - messages with Kamailio's levels, written by whoever asks for them. */
#ifndef KMEM_BASE_LOG_H
#define KMEM_BASE_LOG_H
/*
 * libkmem itself never prints: it hands a finished line to the writer that
 * the program has set, and without a writer a line is dropped.  Use %m for
 * errno.  Safe from any thread; not from a signal handler.  What a writer
 * logs, or makes be logged by allocating, is dropped.
 */
#include <stdbool.h>

#include "base/export.h"

/* Levels, as in Kamailio: a line of level L is written when L <= debug. */
enum log_level {
	L_ALERT = -5,
	L_BUG = -4,
	L_CRIT = -2,
	L_ERR = -1,
	L_WARN = 0,
	L_NOTICE = 1,
	L_INFO = 2,
	L_DBG = 3,
};

/* A line without its newline. The text is borrowed for the call. */
typedef void (*km_log_writer)(int level, const char *text);

/* Set the writer, NULL for none. Set it before the first thread starts. */
KM_API void km_log_set_writer(km_log_writer writer);

/* Whether a line of this level would be written now. */
KM_API bool km_log_is_on(int level);

/* Write one line; cut, with "..." at its end, at 2,000 bytes. Keeps errno. */
KM_API void km_log(int level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "ERROR", "WARNING" ...: the word for a level, never NULL. */
KM_API const char *km_log_level_name(int level);

#define LM_BUG(...)    km_log(L_BUG, __VA_ARGS__)
#define LM_CRIT(...)   km_log(L_CRIT, __VA_ARGS__)
#define LM_ERR(...)    km_log(L_ERR, __VA_ARGS__)
#define LM_WARN(...)   km_log(L_WARN, __VA_ARGS__)
#define LM_NOTICE(...) km_log(L_NOTICE, __VA_ARGS__)
#define LM_INFO(...)   km_log(L_INFO, __VA_ARGS__)
#define LM_DBG(...)                                                            \
	do {                                                                   \
		if (km_log_is_on(L_DBG))                                       \
			km_log(L_DBG, __VA_ARGS__);                            \
	} while (0)

#endif
