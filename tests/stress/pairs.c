/* SPDX-License-Identifier: ISC */
/* pairs.c - two requests to dump two processes, back to back, again and again:
 * each is answered once, with its own process. */
#include "config.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/stress/talk.h"

/*
 * usage: pairs SOCKET COUNT PID PID. Prints
 *
 *   pairs: 2000 answers; ms of a pair: mean 1.2, worst 9.0
 */
#define TIMEOUT_MS 30000

static struct talk talk;
static int pid[2];

static void die(const char *what, const char *text)
{
	fprintf(stderr, "pairs: %s: %s\n", what, text);
	exit(1);
}

static void send_pair(long i)
{
	char line[2 * 128];
	int len = 0;

	for (int k = 0; k < 2; k++)
		len += snprintf(line + len, sizeof(line) - (size_t)len,
		    "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"method\":\"mem_dump_"
		    "pkg\","
		    "\"params\":[%d]}\n",
		    2 * i + k, pid[k]);
	if (talk_send(&talk, line, (size_t)len, TIMEOUT_MS) < 0)
		die("cannot send", line);
}

static int64_t number(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_int))
		die("no number", key);
	return json_object_get_int64(value);
}

/* Which one of the pair has been answered. */
static int take_answer(long i)
{
	const char *line = talk_line(&talk, TIMEOUT_MS);
	struct json_object *reply, *result, *blocks;
	int64_t id;

	if (line == NULL)
		die("no answer", "in time");
	reply = json_tokener_parse(line);
	if (!json_object_object_get_ex(reply, "result", &result))
		die("no result", line);
	id = number(reply, "id") - 2 * i;
	if (id != 0 && id != 1)
		die("an answer to nothing that was asked now", line);
	if (number(result, "pid") != pid[id])
		die("the dump of somebody else", line);
	if (!json_object_object_get_ex(result, "blocks", &blocks) ||
	    json_object_array_length(blocks) == 0)
		die("no blocks", line);
	json_object_put(reply);
	return (int)id;
}

static double run(long i)
{
	double begin = talk_now_ms();

	send_pair(i);
	if (take_answer(i) == take_answer(i))
		die("answered twice", "one of a pair");
	return talk_now_ms() - begin;
}

int main(int argc, char **argv)
{
	double sum = 0, worst = 0;
	long count;

	if (argc != 5) {
		fputs("usage: pairs SOCKET COUNT PID PID\n", stderr);
		return 2;
	}
	count = talk_number(argv[2]);
	pid[0] = (int)talk_number(argv[3]);
	pid[1] = (int)talk_number(argv[4]);
	if (talk_open(&talk, argv[1]) < 0)
		die("cannot connect", argv[1]);
	for (long i = 0; i < count; i++) {
		double ms = run(i);

		sum += ms;
		worst = ms > worst ? ms : worst;
	}
	/* Nothing more comes: an answer too many would be the next line. */
	if (strstr(talk_ask(&talk,
		       "{\"jsonrpc\":\"2.0\",\"id\":\"last\","
		       "\"method\":\"core.ping\"}\n",
		       TIMEOUT_MS),
		"\"id\":\"last\"") == NULL)
		die("one answer", "too many");
	printf("pairs: %ld answers; ms of a pair: mean %.1f, worst %.1f\n",
	    2 * count, sum / (double)count, worst);
	talk_close(&talk);
	return 0;
}
