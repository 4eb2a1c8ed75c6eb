/* SPDX-License-Identifier: ISC */
/* delta.c - what has changed between two results of one method. */
#include "config.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "ctl/delta.h"
#include "ctl/human.h"

#define INT64_SURE    9e18 /* a double that is an int64_t, too */
#define SEARCHED_MOST 1000 /* entries of an array: looking is quadratic */

/* What a struct is about: where it differs, it is about something else. */
static const char *const identities[] = { "pid", "PID", "id", "name", "address",
	"site", "function", "file", "line", "owner" };

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

static bool is_same_thing(struct json_object *a, struct json_object *b)
{
	if (json_object_get_type(a) != json_object_get_type(b))
		return false;
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++)
		if (!json_object_equal(
			member(a, identities[i]), member(b, identities[i])))
			return false;
	return true;
}

/* The entry of an array that was what this one is: mostly at the same place. */
static struct json_object *match(
    struct json_object *array, size_t at, struct json_object *entry)
{
	size_t count;

	if (!json_object_is_type(array, json_type_array))
		return NULL;
	count = json_object_array_length(array);
	if (at < count &&
	    is_same_thing(json_object_array_get_idx(array, at), entry))
		return json_object_array_get_idx(array, at);
	if (!json_object_is_type(entry, json_type_object) ||
	    count > SEARCHED_MOST)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (is_same_thing(json_object_array_get_idx(array, i), entry))
			return json_object_array_get_idx(array, i);
	return NULL;
}

static struct json_object *int_delta(enum human_unit unit,
    struct json_object *now, struct json_object *last,
    const struct delta_how *how)
{
	int64_t is = json_object_get_int64(now), more;
	char text[3 * HUMAN_SIZE + 16], a[HUMAN_SIZE], b[HUMAN_SIZE],
	    c[HUMAN_SIZE];
	double rate, size;

	if (__builtin_sub_overflow(is, json_object_get_int64(last), &more))
		return json_object_get(now);
	rate = (double)more / how->seconds;
	size = rate < 0 ? -rate : rate;
	if (unit == HUMAN_NONE && (size < 10 || size > INT64_SURE))
		snprintf(c, sizeof(c), "%.3g", rate);
	else
		human_text(unit, size < INT64_SURE ? (int64_t)rate : 0, c);
	snprintf(text, sizeof(text), "%s  %s%s (%s%s/s)",
	    human_text(unit, is, a), more > 0 ? "+" : "",
	    human_text(unit, more, b), more > 0 ? "+" : "", c);
	return json_object_new_string(text);
}

static struct json_object *double_delta(struct json_object *now,
    struct json_object *last, const struct delta_how *how)
{
	double more =
	    json_object_get_double(now) - json_object_get_double(last);
	char text[128];

	/* As it came: 86.0 stays so, and does not become 86 by a change. */
	snprintf(text, sizeof(text), "%.64s  %+.3g (%+.3g/s)",
	    json_object_to_json_string(now), more, more / how->seconds);
	return json_object_new_string(text);
}

static struct json_object *value_of(const char *key, enum human_unit unit,
    struct json_object *now, struct json_object *last,
    const struct delta_how *how);

/* members is what its numbers count whose names do not say. */
static struct json_object *struct_of(enum human_unit members,
    struct json_object *now, struct json_object *last,
    const struct delta_how *how)
{
	bool is_same = is_same_thing(now, last);
	struct json_object *copy = json_object_new_object();

	json_object_object_foreach(now, key, value)
	{
		struct json_object *before = is_same ? member(last, key) : NULL;
		enum human_unit unit = human_unit_of(key);

		if (unit == HUMAN_NONE)
			unit = members;
		json_object_object_add(
		    copy, key, value_of(key, unit, value, before, how));
	}
	return copy;
}

static struct json_object *array_of(struct json_object *now,
    struct json_object *last, const struct delta_how *how)
{
	struct json_object *copy = json_object_new_array();
	size_t count = json_object_array_length(now);

	for (size_t i = 0; i < count; i++) {
		struct json_object *entry = json_object_array_get_idx(now, i);

		json_object_array_add(copy, value_of(NULL, HUMAN_NONE, entry,
						match(last, i, entry), how));
	}
	return copy;
}

/* Recursion is as deep as the client's parser let the reply be. */
static struct json_object *value_of(const char *key, enum human_unit unit,
    struct json_object *now, struct json_object *last,
    const struct delta_how *how)
{
	enum json_type type = json_object_get_type(now);

	if (type == json_type_object)
		return struct_of(human_unit_of_members(key), now, last, how);
	if (type == json_type_array)
		return array_of(now, last, how);
	if (!json_object_is_type(last, type) || json_object_equal(now, last))
		return json_object_get(now);
	if (type == json_type_int)
		return int_delta(
		    how->human ? unit : HUMAN_NONE, now, last, how);
	if (type == json_type_double)
		return double_delta(now, last, how);
	return json_object_get(now);
}

struct json_object *delta_of(struct json_object *now, struct json_object *last,
    const struct delta_how *how)
{
	return value_of(NULL, HUMAN_NONE, now, last, how);
}
