/* SPDX-License-Identifier: ISC */
/* call.h - one call of a method, with all the pages of its result. */
#ifndef CTL_CALL_H
#define CTL_CALL_H
#include "ctl/status.h"

struct connection;
struct json_object;
struct writer;

/*
 * Call a method and write its result, each page as it comes; an error reply
 * is said on stderr. Takes over params. Anything but STATUS_OK has been said.
 */
enum status call_method(struct connection *connection, struct writer *writer,
    const char *method, struct json_object *params);

/*
 * The same, but give the result instead, of all pages one; the caller puts it.
 * NULL in *result is null.
 */
enum status call_result(struct connection *connection, const char *method,
    struct json_object *params, struct json_object **result);

#endif
