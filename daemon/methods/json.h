/* SPDX-License-Identifier: ISC */
/* json.h - members of a reply, in the order they are added. */
#ifndef KMEMD_METHODS_JSON_H
#define KMEMD_METHODS_JSON_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

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

static inline void add_text(
    struct json_object *to, const char *key, const char *value)
{
	json_object_object_add(to, key, json_object_new_string(value));
}

#endif
