/* SPDX-License-Identifier: ISC */
/* call.c - one call of a method, with all the pages of its result. */
#include "config.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"
#include "ctl/call.h"
#include "ctl/complain.h"
#include "ctl/connection.h"
#include "ctl/view.h"
#include "ctl/writer.h"
#include "rpc/method.h"

/* A call under way. */
struct call {
	struct connection *connection;
	struct writer *writer;
	const char *method;
	struct view *view;	    /* NULL: it is kept instead */
	struct json_object *joined; /* all pages up to now */
	struct json_object
	    *next; /* request for the page that follows, or NULL */
};

/* A member's text, borrowed; NULL unless it is a string. */
static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

static void show_error(struct writer *writer, struct json_object *error)
{
	if (!writer_shows_errors(writer))
		return;
	writer_struct_begin(writer, NULL);
	view_value(writer, "error", error);
	writer_struct_end(writer);
}

/* What kmemd says would be right, or how to find out. */
static const char *hint_of(struct json_object *error)
{
	struct json_object *data = NULL, *code = NULL;
	const char *hint;

	if (!json_object_is_type(error, json_type_object))
		return NULL;
	json_object_object_get_ex(error, "data", &data);
	json_object_object_get_ex(error, "code", &code);
	hint = text_of(data, "hint");
	if (hint == NULL && json_object_get_int(code) == RPC_METHOD_NOT_FOUND)
		hint = "kmemctl ls lists all methods";
	return hint;
}

static enum status refused(struct call *call, struct json_object *error)
{
	const char *message = text_of(error, "message");

	if (call->view != NULL) {
		view_end(call->view);
		show_error(call->writer, error);
		writer_flush(call->writer); /* before what is on stderr */
	}
	complain(call->method, hint_of(error), "%s",
	    message != NULL ? message : json_object_to_json_string(error));
	return STATUS_REFUSED;
}

static enum status broken(const struct call *call, int rc)
{
	if (rc == -KM_ESYS)
		complain(NULL, NULL, "cannot write the result: %m");
	else
		complain(call->method, NULL, "%s", km_strerror(rc));
	return STATUS_BROKEN;
}

/*
 * Keep the request for the next page. A server that gives back the one it was
 * asked with would keep us for ever.
 */
static enum status take_next(struct call *call, struct json_object *result)
{
	struct json_object *next = view_next(result);

	if (next != NULL && (text_of(next, "method") == NULL ||
				json_object_equal(next, call->next))) {
		complain(call->method, "a fault of the server",
		    "the result does not end: page %s leads nowhere",
		    json_object_to_json_string(next));
		return STATUS_REFUSED;
	}
	json_object_put(call->next);
	call->next = json_object_get(next);
	return STATUS_OK;
}

/* Of a page, put arrays behind those that are there, and new members. */
static void join(struct json_object *joined, struct json_object *page)
{
	json_object_object_foreach(page, key, value)
	{
		struct json_object *there;

		if (!json_object_object_get_ex(joined, key, &there)) {
			json_object_object_add(
			    joined, key, json_object_get(value));
			continue;
		}
		if (!json_object_is_type(there, json_type_array) ||
		    !json_object_is_type(value, json_type_array))
			continue;
		for (size_t i = 0; i < json_object_array_length(value); i++)
			json_object_array_add(
			    there, json_object_get(
				       json_object_array_get_idx(value, i)));
	}
}

static enum status keep_page(struct call *call, struct json_object *result)
{
	if (json_object_is_type(call->joined, json_type_object) &&
	    json_object_is_type(result, json_type_object)) {
		join(call->joined, result);
	} else {
		json_object_put(call->joined);
		call->joined = json_object_get(result);
	}
	return STATUS_OK;
}

static enum status show_page(struct call *call, struct json_object *result)
{
	int rc;

	errno = 0;
	rc = view_page(call->view, result);
	if (view_next(result) == NULL)
		view_end(call->view);
	if (rc == 0)
		rc = writer_flush(call->writer);
	return rc == 0 ? STATUS_OK : broken(call, rc);
}

static enum status get_page(
    struct call *call, const char *method, struct json_object *params)
{
	struct json_object *reply, *error, *result = NULL;
	enum status status;

	status = connection_call(call->connection, method, params, &reply);
	if (status != STATUS_OK)
		return status;
	if (json_object_object_get_ex(reply, "error", &error)) {
		status = refused(call, error);
	} else {
		json_object_object_get_ex(reply, "result", &result);
		status = call->view != NULL ? show_page(call, result)
					    : keep_page(call, result);
		if (status == STATUS_OK)
			status = take_next(call, result);
	}
	json_object_put(reply);
	return status;
}

static enum status get_pages(struct call *call, struct json_object *params)
{
	enum status status = get_page(call, call->method, params);

	while (status == STATUS_OK && call->next != NULL) {
		params = NULL;
		json_object_object_get_ex(call->next, "params", &params);
		status = get_page(call, text_of(call->next, "method"),
		    json_object_get(params));
	}
	return status;
}

enum status call_method(struct connection *connection, struct writer *writer,
    const char *method, struct json_object *params)
{
	struct call call = {
		.connection = connection,
		.writer = writer,
		.method = method,
	};
	enum status status;

	if (view_new(writer, &call.view) != 0) {
		json_object_put(params);
		return broken(&call, -KM_ENOMEM);
	}
	status = get_pages(&call, params);
	view_free(&call.view);
	writer_flush(writer); /* what an error left open has just been ended */
	json_object_put(call.next);
	return status;
}

enum status call_result(struct connection *connection, const char *method,
    struct json_object *params, struct json_object **result)
{
	struct call call = { .connection = connection, .method = method };
	enum status status = get_pages(&call, params);

	json_object_put(call.next);
	*result = NULL;
	if (status != STATUS_OK) {
		json_object_put(call.joined);
		return status;
	}
	if (json_object_is_type(call.joined, json_type_object))
		json_object_object_del(call.joined, VIEW_NEXT);
	*result = call.joined;
	return STATUS_OK;
}
