/* SPDX-License-Identifier: ISC */
/* frame.c - keeps the incomplete text, and the rule for errors. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/frame.h"

#define HELD_KEEP 4096 /* bytes: a larger buffer is freed after its text */

static void restart(struct frame *f)
{
	scan_init(&f->scan, f->limits->depth, f->limits->values);
}

static void drop_held(struct frame *f)
{
	f->held_len = 0;
	if (f->held_size <= HELD_KEEP)
		return;
	free(f->held);
	f->held = NULL;
	f->held_size = 0;
}

void frame_init(struct frame *f, const struct rpc_limits *limits)
{
	memset(f, 0, sizeof(*f));
	f->limits = limits;
	restart(f);
}

void frame_fini(struct frame *f)
{
	free(f->held);
	memset(f, 0, sizeof(*f));
}

static int hold(struct frame *f, const char *bytes, size_t len)
{
	size_t need = f->held_len + len;
	size_t size = f->held_size != 0 ? f->held_size : HELD_KEEP;
	char *held;

	while (size < need)
		size *= 2;
	if (size != f->held_size) {
		held = realloc(f->held, size);
		if (held == NULL)
			return -1;
		f->held = held;
		f->held_size = size;
	}
	if (len > 0)
		memcpy(f->held + f->held_len, bytes, len);
	f->held_len = need;
	return 0;
}

/* From here on to the next newline nothing counts. */
static void give_up(struct frame *f)
{
	f->discarding = true;
	drop_held(f);
	restart(f);
}

static void fail_limit(struct frame *f, struct frame_out *out,
    const char *limit, size_t most, const char *what)
{
	out->event = FRAME_LIMIT;
	out->limit = limit;
	snprintf(
	    out->reason, sizeof(out->reason), "at most %zu %s", most, what);
	give_up(f);
}

static void fail_bad(struct frame *f, struct frame_out *out, size_t at)
{
	out->event = FRAME_BAD;
	snprintf(out->reason, sizeof(out->reason),
	    "at byte %zu of the request, expected %s", at,
	    scan_wanted(&f->scan));
	give_up(f);
}

static size_t discard(struct frame *f, const char *bytes, size_t len)
{
	const char *newline = memchr(bytes, '\n', len);

	if (newline == NULL)
		return len;
	f->discarding = false;
	return (size_t)(newline - bytes) + 1;
}

static size_t skip_space(const char *bytes, size_t len)
{
	size_t i = 0;

	while (i < len && bytes[i] != '\0' && strchr(" \t\r\n", bytes[i]))
		i++;
	return i;
}

static void finish(
    struct frame *f, const char *bytes, size_t len, struct frame_out *out)
{
	out->event = FRAME_TEXT;
	out->text = (struct slice){ bytes, len };
	if (f->held_len > 0) {
		if (hold(f, bytes, len) < 0) {
			fail_limit(f, out, "rpc_request_size", f->held_len,
			    "bytes fit now: out of memory");
			return;
		}
		out->text = (struct slice){ f->held, f->held_len };
	}
	restart(f);
}

/* Bytes of one text, the first of which is no white space. */
static size_t feed_text(
    struct frame *f, const char *bytes, size_t len, struct frame_out *out)
{
	const struct rpc_limits *l = f->limits;
	size_t used;
	enum scan_result rc = scan_feed(&f->scan, bytes, len, &used);
	size_t total = f->held_len + used;

	if (rc == SCAN_BAD)
		fail_bad(f, out, total + 1);
	else if (rc == SCAN_DEEP)
		fail_limit(f, out, "rpc_depth", f->scan.depth_max,
		    "arrays and objects may be nested");
	else if (rc == SCAN_MANY)
		fail_limit(f, out, "rpc_values", l->values,
		    "values may be in one request");
	else if (total > l->request_size)
		fail_limit(f, out, "rpc_request_size", l->request_size,
		    "bytes may be in one request");
	else if (rc == SCAN_DONE)
		finish(f, bytes, used, out);
	else if (hold(f, bytes, used) < 0)
		fail_limit(f, out, "rpc_request_size", f->held_len,
		    "bytes fit now: out of memory");
	return used;
}

size_t frame_feed(
    struct frame *f, const char *bytes, size_t len, struct frame_out *out)
{
	size_t used = 0;

	out->event = FRAME_MORE;
	if (!scan_has_begun(&f->scan))
		drop_held(f); /* the text given last */
	if (f->discarding)
		used = discard(f, bytes, len);
	if (!scan_has_begun(&f->scan) && !f->discarding)
		used += skip_space(bytes + used, len - used);
	if (used < len)
		used += feed_text(f, bytes + used, len - used, out);
	return used;
}

void frame_end(struct frame *f, struct frame_out *out)
{
	out->event = FRAME_MORE;
	if (!scan_has_begun(&f->scan))
		return;
	if (scan_end(&f->scan) == SCAN_DONE) {
		finish(f, "", 0, out);
		return;
	}
	fail_bad(f, out, f->held_len + 1);
	snprintf(out->reason, sizeof(out->reason),
	    "the input ends in the middle of a request");
}

bool frame_is_partial(const struct frame *f)
{
	return f->discarding || scan_has_begun(&f->scan);
}
