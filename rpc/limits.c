/* SPDX-License-Identifier: ISC */
/* limits.c - the defaults, and the bounds of what can be asked for. */
#include "config.h"

#include <string.h>

#include "rpc/limits.h"
#include "rpc/scan.h"

#define SIZE_MOST ((size_t)1 << 30) /* bytes: json-c counts in int */

const struct rpc_limits rpc_limits_default = {
	.connections = 512,
	.connections_per_uid = 256,
	.request_size = 256 * 1024,
	.reply_size = 8 * 1024 * 1024,
	.depth = 32,
	.batch = 100,
	.values = 10000, /* 3 MB of tree at most, for one request at a time */
	.output_queue = 256 * 1024,
	.output_total = 64 * 1024 * 1024,
	.idle_ms = 10 * 60 * 1000,
	.partial_ms = 30 * 1000,
};

#define DEFAULT(to, member)                                                    \
	do {                                                                   \
		if ((to)->member == 0)                                         \
			(to)->member = rpc_limits_default.member;              \
	} while (0)

static size_t at_most(size_t value, size_t most)
{
	return value < most ? value : most;
}

void limits_fill(struct rpc_limits *to, const struct rpc_limits *from)
{
	*to = from != NULL ? *from : rpc_limits_default;
	DEFAULT(to, connections);
	DEFAULT(to, connections_per_uid);
	DEFAULT(to, request_size);
	DEFAULT(to, reply_size);
	DEFAULT(to, depth);
	DEFAULT(to, batch);
	DEFAULT(to, values);
	DEFAULT(to, output_queue);
	DEFAULT(to, output_total);
	DEFAULT(to, idle_ms);
	DEFAULT(to, partial_ms);
	to->request_size = at_most(to->request_size, SIZE_MOST);
	to->reply_size = at_most(to->reply_size, SIZE_MOST);
	to->output_queue = at_most(to->output_queue, SIZE_MOST);
	to->depth = (unsigned)at_most(to->depth, SCAN_DEPTH_MAX);
}

/* Half of it is shared out, to keep those who read from being starved. */
size_t limits_share(const struct rpc_limits *l)
{
	return l->output_total / 2 / l->connections;
}

size_t limits_room(const struct rpc_limits *l, size_t total, size_t own)
{
	size_t common = l->output_total / 2;
	size_t share = limits_share(l);
	size_t room = total < common ? common - total : 0;
	size_t left = own < share ? share - own : 0;

	return room > left ? room : left;
}
