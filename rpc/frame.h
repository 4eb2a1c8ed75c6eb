/* SPDX-License-Identifier: ISC */
/* frame.h - cuts a stream of bytes into JSON texts. */
#ifndef RPC_FRAME_H
#define RPC_FRAME_H
/*
 * Any stream of JSON texts: one per line, several on a line, spread over
 * lines.  After an error everything up to the next newline is thrown away,
 * unbuffered, and the line after it is read as usual.
 *
 * Lifetime: frame_init() to frame_fini(). A text that it gives is borrowed
 * until the next call. Memory: one incomplete text of up to request_size.
 */
#include <stdbool.h>
#include <stddef.h>

#include "rpc/scan.h"
#include "rpc/server.h"
#include "rpc/slice.h"

struct frame {
	const struct rpc_limits *limits; /* borrowed */
	struct scan scan;
	bool discarding; /* up to the next newline */
	char *held;	 /* the beginning of an incomplete text */
	size_t held_len, held_size;
};

enum frame_event {
	FRAME_MORE,  /* nothing yet */
	FRAME_TEXT,  /* one text, correct JSON */
	FRAME_BAD,   /* no JSON: reason says why */
	FRAME_LIMIT, /* over a limit: limit names it, reason says more */
	FRAME__COUNT
};

struct frame_out {
	enum frame_event event;
	struct slice text;
	const char *limit;
	char reason[160];
};

void frame_init(struct frame *frame, const struct rpc_limits *limits);
void frame_fini(struct frame *frame);

/* Take bytes up to the next event; returns how many were taken. */
size_t frame_feed(
    struct frame *frame, const char *bytes, size_t len, struct frame_out *out);

/* The input has ended: a last text, an error, or FRAME_MORE for neither. */
void frame_end(struct frame *frame, struct frame_out *out);

/* Whether a text has begun and not ended. */
bool frame_is_partial(const struct frame *frame);

#endif
