/* SPDX-License-Identifier: ISC */
/* attack.c - what hostile clients do, as a table. */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/stress/attack.h"
#include "tests/stress/talk.h"

#define LONG_SIZE  ((size_t)10 << 20) /* bytes of a text beyond all limits */
#define ANSWER_MS  60000	      /* for an answer, among all the others */
#define N_CROWD	   10000
#define N_HALF	   40
#define N_DEAF	   16
#define BATCH_SIZE 10001 /* bytes of one with 5,000 requests */
#define BATCH_MOST 100000
#define CALL	   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"core.shmmem\"}\n"

/* Count an answer; one that is refused for the crowd's sake is neither. */
static void judge(struct attack_tally *tally, const char *what,
    const char *answer, const char *wanted)
{
	if (answer == NULL || strstr(answer, "rpc_connections") != NULL)
		return;
	if (strstr(answer, wanted) != NULL) {
		tally->good++;
		return;
	}
	tally->bad++;
	fprintf(stderr, "%s: wanted %s, got %.300s\n", what, wanted, answer);
}

/* ---- one text, one answer ----------------------------------------------- */

static void ask_text(const char *path, struct attack_tally *tally,
    const char *text, size_t len, const char *wanted)
{
	struct talk t;

	if (talk_open(&t, path) < 0)
		return;
	/* What is left unsent when the server has had enough is no matter. */
	talk_send(&t, text, len, ANSWER_MS);
	judge(tally, "a text", talk_line(&t, ANSWER_MS), wanted);
	talk_close(&t);
}

/* `head`, then `unit` again and again, up to len bytes in all. */
static char *repeat(const char *head, const char *unit, size_t len)
{
	size_t at = strlen(head), n = strlen(unit);
	char *text = malloc(len + n);

	if (text == NULL)
		exit(2);
	memcpy(text, head, at);
	for (; at < len; at += n)
		memcpy(text + at, unit, n);
	return text;
}

static void ask_repeated(const char *path, struct attack_tally *tally,
    const char *head, const char *unit, size_t len, const char *wanted)
{
	char *text = repeat(head, unit, len);

	text[len - 1] = '\n';
	ask_text(path, tally, text, len, wanted);
	free(text);
}

static void brackets(const char *path, double until, struct attack_tally *tally)
{
	ask_repeated(path, tally, "", "[", LONG_SIZE, "\"rpc_depth\"");
}

static void one_string(
    const char *path, double until, struct attack_tally *tally)
{
	ask_repeated(
	    path, tally, "{\"id\":\"", "a", LONG_SIZE, "\"rpc_request_size\"");
}

static void deep_object(
    const char *path, double until, struct attack_tally *tally)
{
	ask_repeated(
	    path, tally, "", "{\"a\":", LONG_SIZE / 10, "\"rpc_depth\"");
}

static void large_batch(
    const char *path, double until, struct attack_tally *tally)
{
	/* As many as fit into a request, and many more. */
	char *text = repeat("[1", ",1", BATCH_SIZE);

	text[BATCH_SIZE - 1] = ']';
	ask_text(path, tally, text, BATCH_SIZE, "\"rpc_batch\"");
	free(text);
	ask_repeated(path, tally, "[1", ",1", 2 * BATCH_MOST, "\"rpc_values\"");
}

/* ---- ids of every kind -------------------------------------------------- */

static const struct {
	const char *id, *wanted;
} ids[] = {
	{ "0", "\"id\":0}" },
	{ "-1", "\"id\":-1}" },
	{ "1e3", "\"id\":1e3}" },
	{ "1.50", "\"id\":1.50}" },
	{ "123456789012345678901234567890",
	    "\"id\":123456789012345678901234567890}" },
	{ "\"\"", "\"id\":\"\"}" },
	{ "\"\\u0000\\\"\"", "\"id\":\"\\u0000\\\"\"}" },
	{ "\"\xc3\xa4\"", "\"id\":\"\xc3\xa4\"}" },
	{ "null", "\"id\":null}" },
	{ "true", "-32600" },
	{ "[1]", "-32600" },
	{ "{\"a\":1}", "-32600" },
	{ "01", "-32700" },
	{ "\"\xff\"", "-32700" },
};

static void every_id(const char *path, double until, struct attack_tally *tally)
{
	char line[256];
	struct talk t;

	if (talk_open(&t, path) < 0)
		return;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		snprintf(line, sizeof(line),
		    "{\"jsonrpc\":\"2.0\",\"method\":\"core.ping\",\"id\":%s}"
		    "\n",
		    ids[i].id);
		judge(
		    tally, line, talk_ask(&t, line, ANSWER_MS), ids[i].wanted);
	}
	talk_close(&t);
}

/* ---- connections -------------------------------------------------------- */

static void random_bytes(
    const char *path, double until, struct attack_tally *tally)
{
	char bytes[4096];
	struct talk t;

	if (talk_open(&t, path) < 0)
		return;
	for (int i = 0; i < 16; i++) {
		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = (char)random();
		if (talk_send(&t, bytes, sizeof(bytes), ANSWER_MS) < 0)
			break;
		while (talk_line(&t, 0) != NULL)
			;
	}
	talk_close(&t);
}

static void half_shut(
    const char *path, double until, struct attack_tally *tally)
{
	struct talk t;

	if (talk_open(&t, path) < 0)
		return;
	if (talk_send(&t, CALL, sizeof(CALL) - 1, ANSWER_MS) == 0 &&
	    shutdown(t.fd, SHUT_WR) == 0)
		judge(tally, "half shut", talk_line(&t, ANSWER_MS),
		    "\"real_used\"");
	talk_close(&t);
}

static void flood(const char *path, double until, struct attack_tally *tally)
{
	struct talk t;

	for (int i = 0; i < 100; i++)
		if (talk_open(&t, path) == 0)
			talk_close(&t);
}

/* Asks for much and is gone before it comes. */
static void ask_and_go(
    const char *path, double until, struct attack_tally *tally)
{
	struct talk t;

	if (talk_open(&t, path) < 0)
		return;
	for (int i = 0; i < 64; i++)
		talk_send(&t, CALL, sizeof(CALL) - 1, 0);
	talk_close(&t);
}

static size_t open_many(struct talk *t, size_t n, const char *path)
{
	size_t open = 0;

	while (open < n && talk_open(&t[open], path) == 0)
		open++;
	return open;
}

static void close_many(struct talk *t, size_t n)
{
	while (n > 0)
		talk_close(&t[--n]);
}

/* As many as we may have at a time, again and again. */
static void crowd(const char *path, double until, struct attack_tally *tally)
{
	static struct talk t[N_CROWD];
	struct rlimit files;
	size_t n;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	for (size_t all = 0; all < N_CROWD && talk_now_ms() < until; all += n) {
		n = open_many(t, N_CROWD - all, path);
		close_many(t, n);
		if (n == 0)
			break;
	}
}

/* Requests that never end, a byte now and then. */
static void half_requests(
    const char *path, double until, struct attack_tally *tally)
{
	static struct talk t[N_HALF];
	size_t n = open_many(t, N_HALF, path);

	for (size_t i = 0; i < n; i++)
		talk_send(&t[i], "{\"jsonrpc\":\"2.0\",\"method\":\"", 28, 0);
	while (talk_now_ms() < until) {
		for (size_t i = 0; i < n; i++)
			talk_send(&t[i], "x", 1, 0);
		poll(NULL, 0, 100);
	}
	close_many(t, n);
}

/* ---- large replies ------------------------------------------------------ */

#define N_DUMPS 100 /* in a batch: as many as the limit allows */

static char *dumps(void)
{
	static const char one[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"mem_dump_shm\"}";
	size_t size = N_DUMPS * sizeof(one) + 3;
	char *text = malloc(size);
	size_t len = 0;

	if (text == NULL)
		exit(2);
	for (int i = 0; i < N_DUMPS; i++)
		len += (size_t)snprintf(
		    text + len, size - len, "%c%s", i == 0 ? '[' : ',', one);
	snprintf(text + len, size - len, "]\n");
	return text;
}

/* Asks for large replies and reads none. */
static void deaf(const char *path, double until, struct attack_tally *tally)
{
	static struct talk t[N_DEAF];
	size_t n = open_many(t, N_DEAF, path);
	char *text = dumps();

	while (talk_now_ms() < until)
		for (size_t i = 0; i < n; i++)
			talk_send(&t[i], text, strlen(text), 10);
	close_many(t, n);
	free(text);
}

/* And one that goes while they are being made. */
static void dump_and_go(
    const char *path, double until, struct attack_tally *tally)
{
	char *text = dumps();
	struct talk t;

	if (talk_open(&t, path) == 0) {
		talk_send(&t, text, strlen(text), ANSWER_MS);
		talk_line(&t, (int)(random() % 100));
		talk_close(&t);
	}
	free(text);
}

const struct attack attacks[] = {
	{ "random bytes", random_bytes },
	{ "half requests", half_requests },
	{ "10 MB of [", brackets, 1 },
	{ "10 MB of one string", one_string, 1 },
	{ "a deep object", deep_object, 1 },
	{ "10,000 connections", crowd },
	{ "never reads", deaf },
	{ "connect and close", flood },
	{ "batch of 100,000", large_batch, 1 },
	{ "ids of every kind", every_id, 1 },
	{ "half shut", half_shut, 1 },
	{ "ask and go", ask_and_go },
	{ "dump and go", dump_and_go },
};
const size_t attacks_count = sizeof(attacks) / sizeof(attacks[0]);

void attack_run(const struct attack *attack, const char *path, double until,
    struct attack_tally *tally)
{
	/* Sent away each time is no answer: until there is one. */
	while (talk_now_ms() < until ||
	       (attack->is_answered && tally->good + tally->bad == 0)) {
		attack->round(path, until, tally);
		tally->rounds++;
	}
}
