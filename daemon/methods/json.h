/* SPDX-License-Identifier: ISC */
/* json.h - members of a reply, in the order they are added. */
#ifndef KMEMD_METHODS_JSON_H
#define KMEMD_METHODS_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define JSON_TIME_SIZE 64 /* bytes of "Mon Nov 23 09:00:00 2026" */

static inline void add_uint(
    struct json_object *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

static inline void add_int(
    struct json_object *to, const char *key, int64_t value)
{
	json_object_object_add(to, key, json_object_new_int64(value));
}

static inline void add_bool(struct json_object *to, const char *key, bool value)
{
	json_object_object_add(to, key, json_object_new_boolean(value));
}

static inline void add_text(
    struct json_object *to, const char *key, const char *value)
{
	json_object_object_add(to, key, json_object_new_string(value));
}

/* In local time, as ctime() has it. */
static inline void add_time(
    struct json_object *to, const char *key, time_t when)
{
	char text[JSON_TIME_SIZE] = "";
	struct tm tm;

	if (localtime_r(&when, &tm) != NULL)
		strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
	add_text(to, key, text);
}

#endif
