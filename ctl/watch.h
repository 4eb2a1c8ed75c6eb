/* SPDX-License-Identifier: ISC */
/* watch.h - a method called again and again, with what has changed. */
#ifndef CTL_WATCH_H
#define CTL_WATCH_H
#include <stddef.h>

#include "ctl/status.h"

struct connection;
struct writer_style;

/*
 * words are a method, its arguments and, anywhere, -n SECONDS and -c COUNT.
 * Runs until COUNT answers have been shown, a signal that is caught (see
 * interrupt.h; it is no error), or the first error, and returns its status.
 * Between two calls the connection may be lost: it is opened again, once for
 * each call.
 */
enum status watch_run(struct connection *connection,
    const struct writer_style *style, size_t count, char *const *words);

#endif
