/* SPDX-License-Identifier: ISC */
/* view.c - walks a result, page by page, and tells a writer what comes. */
#include "config.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ctl/view.h"
#include "ctl/writer.h"

struct view {
	struct writer *writer;
	struct json_object *shown; /* an object: its keys are those shown */
	char *array;		   /* key of the array left open, or NULL */
	bool open;		   /* the struct of all pages has begun */
};

static void show_entries(struct writer *writer, struct json_object *array)
{
	size_t count = json_object_array_length(array);

	for (size_t i = 0; i < count; i++)
		view_value(writer, NULL, json_object_array_get_idx(array, i));
}

static void show_members(struct writer *writer, struct json_object *object)
{
	json_object_object_foreach(object, key, value)
	    view_value(writer, key, value);
}

/* Recursion is as deep as the client's parser let the reply be. */
void view_value(
    struct writer *writer, const char *key, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		writer_struct_begin(writer, key);
		show_members(writer, value);
		writer_struct_end(writer);
		break;
	case json_type_array:
		writer_array_begin(writer, key);
		show_entries(writer, value);
		writer_array_end(writer);
		break;
	default:
		writer_value(writer, key, value);
	}
}

struct json_object *view_next(struct json_object *result)
{
	struct json_object *next;

	if (!json_object_is_type(result, json_type_object) ||
	    !json_object_object_get_ex(result, VIEW_NEXT, &next))
		return NULL;
	return next;
}

int view_new(struct writer *writer, struct view **view)
{
	*view = calloc(1, sizeof(**view));
	if (*view == NULL)
		return -KM_ENOMEM;
	(*view)->writer = writer;
	(*view)->shown = json_object_new_object();
	if ((*view)->shown == NULL) {
		view_free(view);
		return -KM_ENOMEM;
	}
	return 0;
}

static void close_array(struct view *view)
{
	if (view->array == NULL)
		return;
	writer_array_end(view->writer);
	free(view->array);
	view->array = NULL;
}

static int open_array(struct view *view, const char *key)
{
	view->array = strdup(key);
	if (view->array == NULL)
		return -KM_ENOMEM;
	writer_array_begin(view->writer, key);
	return 0;
}

static bool is_more_of(const struct view *view, const char *key)
{
	return view->array != NULL && strcmp(view->array, key) == 0;
}

static bool was_shown(const struct view *view, const char *key)
{
	return json_object_object_get_ex(view->shown, key, NULL);
}

static int page_array(
    struct view *view, const char *key, struct json_object *array)
{
	int rc = 0;

	if (!is_more_of(view, key)) {
		close_array(view);
		rc = open_array(view, key);
	}
	if (rc == 0)
		show_entries(view->writer, array);
	return rc;
}

/* An array that is empty here may still get entries on a later page, and is
 * shown empty only when none did. */
static bool is_to_show(const struct view *view, const char *key,
    struct json_object *value, bool is_last)
{
	if (!json_object_is_type(value, json_type_array))
		return !was_shown(view, key);
	if (json_object_array_length(value) > 0)
		return true;
	return is_last && !was_shown(view, key);
}

static int page_member(
    struct view *view, const char *key, struct json_object *value)
{
	if (json_object_object_add(view->shown, key, NULL) != 0)
		return -KM_ENOMEM;
	if (json_object_is_type(value, json_type_array))
		return page_array(view, key, value);
	close_array(view);
	view_value(view->writer, key, value);
	return 0;
}

static int page_members(struct view *view, struct json_object *page)
{
	bool is_last = view_next(page) == NULL;
	int rc;

	if (!view->open)
		writer_struct_begin(view->writer, NULL);
	view->open = true;
	json_object_object_foreach(page, key, value)
	{
		if (strcmp(key, VIEW_NEXT) == 0 ||
		    !is_to_show(view, key, value, is_last))
			continue;
		rc = page_member(view, key, value);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int view_page(struct view *view, struct json_object *result)
{
	if (writer_joins_pages(view->writer) &&
	    json_object_is_type(result, json_type_object))
		return page_members(view, result);
	view_end(view);
	view_value(view->writer, NULL, result);
	return 0;
}

void view_end(struct view *view)
{
	close_array(view);
	if (view->open)
		writer_struct_end(view->writer);
	view->open = false;
}

void view_free(struct view **view)
{
	if (*view == NULL)
		return;
	view_end(*view);
	json_object_put((*view)->shown);
	free(*view);
	*view = NULL;
}
