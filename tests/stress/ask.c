/* SPDX-License-Identifier: ISC */
/* ask.c - sends what comes on stdin to a socket, and prints what comes back. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tests/stress/talk.h"

/* usage: ask SOCKET. Each line is a request that has an answer of one line. */
#define TIMEOUT_MS 30000

int main(int argc, char **argv)
{
	char line[65536];
	const char *reply;
	struct talk t;

	if (argc != 2 || talk_open(&t, argv[1]) < 0) {
		fputs("usage: ask SOCKET, or nobody listens there\n", stderr);
		return 2;
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		reply = talk_ask(&t, line, TIMEOUT_MS);
		if (reply == NULL)
			return 1;
		puts(reply);
	}
	talk_close(&t);
	return 0;
}
