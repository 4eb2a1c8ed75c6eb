/* SPDX-License-Identifier: ISC */
/* slice.c - walks over the members of correct JSON, without a tree. */
#include "config.h"

#include <string.h>

#include <json-c/json.h>

#include "base/err.h"
#include "rpc/slice.h"

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

/* p is at the opening quote; returns the place after the closing one. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : end;
}

static const char *skip_container(const char *p, const char *end)
{
	unsigned depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && --depth == 0)
			return p + 1;
		p++;
	}
	return end;
}

static const char *skip_scalar(const char *p, const char *end)
{
	while (p < end && *p != '\0' && strchr(",]} \t\r\n", *p) == NULL)
		p++;
	return p;
}

static struct slice take_value(struct slice_walk *w)
{
	const char *from = skip_space(w->at, w->end);

	if (from < w->end && *from == '"')
		w->at = skip_string(from, w->end);
	else if (from < w->end && (*from == '{' || *from == '['))
		w->at = skip_container(from, w->end);
	else
		w->at = skip_scalar(from, w->end);
	return (struct slice){ from, (size_t)(w->at - from) };
}

void slice_walk_init(struct slice_walk *w, struct slice container)
{
	w->end = container.text + container.len;
	w->at = skip_space(container.text, w->end);
	w->in_object = w->at < w->end && *w->at == '{';
	if (w->at < w->end)
		w->at++;
}

bool slice_walk_next(
    struct slice_walk *w, struct slice *name, struct slice *value)
{
	w->at = skip_space(w->at, w->end);
	if (w->at < w->end && *w->at == ',')
		w->at = skip_space(w->at + 1, w->end);
	if (w->at >= w->end || *w->at == ']' || *w->at == '}')
		return false;
	*name = (struct slice){ NULL, 0 };
	if (w->in_object) {
		*name = take_value(w);
		w->at = skip_space(w->at, w->end);
		if (w->at < w->end)
			w->at++; /* the colon */
	}
	*value = take_value(w);
	return true;
}

void slice_clip_utf8(char *text)
{
	size_t len = strlen(text);
	size_t tail = 0;
	unsigned char lead;

	while (tail < len && tail < 3 &&
	       ((unsigned char)text[len - 1 - tail] & 0xc0) == 0x80)
		tail++;
	if (tail >= len)
		return;
	lead = (unsigned char)text[len - 1 - tail];
	if ((lead >= 0xf0 && tail < 3) || (lead >= 0xe0 && tail < 2) ||
	    (lead >= 0xc0 && tail < 1))
		text[len - 1 - tail] = '\0';
}

static int copy_cut(const char *from, size_t len, char *buf, size_t size)
{
	size_t n = len < size ? len : size - 1;

	if (memchr(from, '\0', len) != NULL)
		return -KM_ERANGE;
	memcpy(buf, from, n);
	buf[n] = '\0';
	if (n < len)
		slice_clip_utf8(buf);
	return 0;
}

static int decode(struct slice string, char *buf, size_t size)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *obj;
	int rc;

	if (tok == NULL)
		return -KM_ENOMEM;
	obj = json_tokener_parse_ex(tok, string.text, (int)string.len);
	if (obj == NULL)
		rc = -KM_ENOMEM;
	else
		rc = copy_cut(json_object_get_string(obj),
		    (size_t)json_object_get_string_len(obj), buf, size);
	json_object_put(obj);
	json_tokener_free(tok);
	return rc;
}

int slice_string(struct slice string, char *buf, size_t size)
{
	if (string.len < 2 || string.text[0] != '"')
		return -KM_EINVAL;
	if (memchr(string.text, '\\', string.len) != NULL)
		return decode(string, buf, size);
	return copy_cut(string.text + 1, string.len - 2, buf, size);
}
