/* SPDX-License-Identifier: ISC */
/* hostile.c - clients that do not behave; each knows what it must be told. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/stress/wire.h"

#define DEADLINE_S  100
#define MB	    (1024 * 1024)
#define HALVES	    30
#define DEAFS	    20
#define HOARDS	    150 /* below the usual limit of one user */
#define HOARD_BATCH 40
#define AT_ONCE	    500 /* below the usual limit of 1024 descriptors */
#define ROUNDS	    20	/* AT_ONCE * ROUNDS: 10,000 connections */
#define FLOOD	    5000
#define MANY	    20000 /* values, requests: more than any limit of the test */

#define ASK                                                                    \
	"{\"jsonrpc\":\"2.0\",\"method\":\"core.ping\",\"id\":\"still "        \
	"here\"}\n"
#define DUMP	 "{\"jsonrpc\":\"2.0\",\"method\":\"mem_dump_shm\",\"id\":1}\n"
#define DISCOVER "{\"jsonrpc\":\"2.0\",\"method\":\"rpc.discover\",\"id\":1}"
#define HALF	 "{\"jsonrpc\":\"2.0\",\"method\":\"core.shm"

static const char *path;
static struct wire wires[AT_ONCE];

/* The line is at its end: the connection is as good as any. */
static bool is_answered(struct wire *w)
{
	return wire_say(w, "\n" ASK) && wire_hears(w, "still here");
}

static bool noise(void)
{
	struct wire *w = &wires[0];
	char bytes[4096];
	bool good = true;

	srandom(1);
	wire_open(w, path);
	for (size_t sent = 0; good && sent < 2 * MB; sent += sizeof(bytes)) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)random();
		good = wire_send(w, bytes, sizeof(bytes));
	}
	good = good && is_answered(w);
	wire_close(w);
	return good;
}

/* Each is told that it took too long. */
static bool halves(void)
{
	bool good = true;

	for (int i = 0; i < HALVES; i++) {
		wire_open(&wires[i], path);
		good = wire_say(&wires[i], HALF) && good;
	}
	for (int i = 0; i < HALVES; i++) {
		good = wire_hears(&wires[i], "rpc_partial_ms") && good;
		wire_drain(&wires[i]);
		wire_close(&wires[i]);
	}
	return good;
}

/* Tells which limit it was, and forgets the rest of the line. */
static bool over(const char *begin, char byte, const char *limit)
{
	struct wire *w = &wires[0];
	bool good;

	wire_open(w, path);
	good = wire_say(w, begin) && wire_flood(w, byte, 10 * MB) &&
	       wire_hears(w, limit) && is_answered(w);
	wire_close(w);
	return good;
}

static bool brackets(void)
{
	return over("", '[', "rpc_depth");
}

static bool string(void)
{
	return over("\"", 'a', "rpc_request_size");
}

static bool repeat(const char *begin, const char *item, const char *limit)
{
	struct wire *w = &wires[0];
	bool good;

	wire_open(w, path);
	good = wire_say(w, begin);
	for (int i = 0; good && i < MANY; i++)
		good = wire_say(w, item);
	good =
	    good && wire_say(w, "1]") && wire_hears(w, limit) && is_answered(w);
	wire_close(w);
	return good;
}

static bool values(void)
{
	return repeat("[", "1,", "rpc_values");
}

static bool batch(void)
{
	struct wire *w = &wires[0];
	bool good;

	wire_open(w, path);
	good = wire_say(w, "[1");
	for (int i = 0; good && i < 200; i++)
		good = wire_say(w, "," ASK);
	good = good && wire_say(w, "]") && wire_hears(w, "rpc_batch") &&
	       is_answered(w);
	wire_close(w);
	return good;
}

/* Asks for dumps until there is room for no more, and takes none. */
static bool deaf(void)
{
	const char *ask = DUMP;

	for (int i = 0; i < DEAFS; i++) {
		wire_open(&wires[i], path);
		while (send(wires[i].fd, ask, strlen(ask),
			   MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			;
	}
	for (int i = 0; i < DEAFS; i++) {
		/* Blocks until the server gives up: it closes. */
		while (send(wires[i].fd, ask, strlen(ask), MSG_NOSIGNAL) > 0)
			;
		wire_close(&wires[i]);
	}
	return true;
}

/* Everybody gets an answer or the reason why not. */
static bool many(void)
{
	int answered = 0, refused = 0;

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < AT_ONCE; i++) {
			wire_open(&wires[i], path);
			(void)wire_say(&wires[i], ASK);
		}
		for (int i = 0; i < AT_ONCE; i++) {
			if (!wire_hears(&wires[i], "}\n"))
				return false;
			if (wire_hears(&wires[i], "still here"))
				answered++;
			else if (wire_hears(&wires[i], "rpc_connections"))
				refused++;
		}
		for (int i = 0; i < AT_ONCE; i++)
			wire_close(&wires[i]);
	}
	printf("# of %d connections %d answered, %d refused\n",
	    AT_ONCE * ROUNDS, answered, refused);
	return answered > 0 && refused > 0 &&
	       answered + refused == AT_ONCE * ROUNDS;
}

static bool flood(void)
{
	for (int i = 0; i < FLOOD; i++) {
		wire_open(&wires[0], path);
		if (i % 2 == 0) /* leave in the middle of a call */
			(void)wire_say(&wires[0], DUMP);
		wire_close(&wires[0]);
	}
	return true;
}

/* Asks for much, takes none of it, and stays. */
static bool hoard(void)
{
	for (int i = 0; i < HOARDS; i++) {
		wire_open(&wires[i], path);
		(void)wire_say(&wires[i], "[" DISCOVER);
		for (int k = 1; k < HOARD_BATCH; k++)
			(void)wire_say(&wires[i], "," DISCOVER);
		(void)wire_say(&wires[i], "]\n");
	}
	puts("holding");
	fflush(stdout);
	pause();
	return false;
}

static const struct {
	const char *name;
	bool (*run)(void);
} attacks[] = {
	{ "noise", noise },
	{ "halves", halves },
	{ "brackets", brackets },
	{ "string", string },
	{ "values", values },
	{ "batch", batch },
	{ "deaf", deaf },
	{ "hoard", hoard },
	{ "many", many },
	{ "flood", flood },
};

int main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: hostile SOCKET ATTACK\n", stderr);
		return 2;
	}
	path = argv[1];
	wire_deadline(DEADLINE_S);
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (strcmp(argv[2], attacks[i].name) != 0)
			continue;
		if (attacks[i].run())
			return 0;
		printf("# the first of them has heard: %.*s\n",
		    (int)wires[0].len, wires[0].heard);
		return 1;
	}
	fprintf(stderr, "%s: no such attack\n", argv[2]);
	return 2;
}
