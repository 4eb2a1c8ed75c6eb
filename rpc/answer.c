/* SPDX-License-Identifier: ISC */
/* answer.c - replies on their way out, alone or gathered for a batch. */
#include "config.h"

#include <stdlib.h>

#include <json-c/printbuf.h>

#include "base/log.h"
#include "rpc/call.h"
#include "rpc/limits.h"

struct answer *answer_new(size_t count)
{
	struct answer *answer;

	answer = calloc(1, sizeof(*answer) + count * sizeof(answer->reply[0]));
	if (answer == NULL)
		return NULL;
	answer->count = count;
	answer->pending = count;
	return answer;
}

static void send_line(struct rpc_session *s, struct printbuf *line)
{
	if (printbuf_memappend(line, "\n", 1) < 0) {
		LM_ERR("rpc: a reply is lost: out of memory");
		return;
	}
	s->opt.output(s->opt.arg, line->buf, (size_t)line->bpos);
}

static int join(const struct answer *answer, struct printbuf *line)
{
	const char *separator = "[";

	for (size_t i = 0; i < answer->count; i++) {
		const struct printbuf *reply = answer->reply[i];

		if (reply == NULL)
			continue;
		if (printbuf_memappend(line, separator, 1) < 0 ||
		    printbuf_memappend(line, reply->buf, reply->bpos) < 0)
			return -1;
		separator = ",";
	}
	return printbuf_memappend(line, "]", 1);
}

/* A batch of nothing but notifications has no answer at all. */
static void send_batch(struct rpc_session *s, const struct answer *answer)
{
	struct printbuf *line;

	if (answer->size == 0)
		return;
	line = printbuf_new();
	if (line == NULL || join(answer, line) < 0)
		LM_ERR("rpc: the reply to a batch is lost: out of memory");
	else
		send_line(s, line);
	if (line != NULL)
		printbuf_free(line);
}

static void answer_free(struct answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		if (answer->reply[i] != NULL)
			printbuf_free(answer->reply[i]);
	free(answer);
}

static void hold(struct rpc_session *s, size_t bytes)
{
	s->held += bytes;
	if (s->opt.total != NULL)
		*s->opt.total += bytes;
}

static void let_go(struct rpc_session *s, size_t bytes)
{
	s->held -= bytes;
	if (s->opt.total != NULL)
		*s->opt.total -= bytes;
}

static void put_in_batch(
    struct rpc_session *s, struct place place, struct printbuf *reply)
{
	struct answer *answer = place.answer;

	answer->reply[place.slot] = reply;
	if (reply != NULL) {
		answer->size += (size_t)reply->bpos + 1;
		hold(s, (size_t)reply->bpos + 1);
	}
	if (--answer->pending > 0)
		return;
	let_go(s, answer->size);
	if (!s->ending)
		send_batch(s, answer);
	answer_free(answer);
}

void answer_put(
    struct rpc_session *s, struct place place, struct printbuf **reply)
{
	struct printbuf *line = *reply;

	*reply = NULL;
	if (place.answer != NULL) {
		put_in_batch(s, place, line);
		return;
	}
	if (line == NULL)
		return;
	if (!s->ending)
		send_line(s, line);
	printbuf_free(line);
}

void answer_fault(struct rpc_session *s, struct place place,
    const struct rpc_fault *fault, struct slice id)
{
	struct printbuf *reply = printbuf_new();

	if (reply != NULL && envelope_build_error(reply, fault, id) < 0) {
		printbuf_free(reply);
		reply = NULL;
	}
	if (reply == NULL)
		LM_ERR("rpc: an error reply is lost: out of memory");
	answer_put(s, place, &reply);
}

size_t answer_room(
    const struct rpc_session *s, struct place place, const char **name)
{
	const struct rpc_limits *l = s->opt.limits;
	size_t used = place.answer != NULL ? place.answer->size + 2 : 0;
	size_t queued = s->opt.queued != NULL ? s->opt.queued(s->opt.arg) : 0;
	size_t room = used < l->reply_size ? l->reply_size - used : 0;
	size_t all;

	*name = "rpc_output_queue";
	if (queued > l->output_queue + l->reply_size)
		return 0;
	*name = "rpc_reply_size";
	if (s->opt.total == NULL)
		return room;
	all = limits_room(l, *s->opt.total, queued + s->held);
	if (all < room)
		*name = "rpc_output_total";
	return all < room ? all : room;
}
