/* SPDX-License-Identifier: ISC */
/* first_answer.c - from exec of kmemd to its first answer. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/stress/talk.h"

/*
 * usage: first_answer RUNS SOCKET PROGRAM [ARGUMENTS...]
 * PROGRAM is to stay in the foreground and to listen on SOCKET. Prints
 *
 *   first_answer: 11 runs; ms: median 5.1, least 4.9, most 7.0
 */
#define RUNS_MAX   1000
#define TIMEOUT_MS 10000
#define REQUEST	   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"core.shmmem\"}\n"

static pid_t launch(char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	return pid;
}

/* Looks again each tenth of a millisecond, without eating its processor. */
static void connect_to(struct talk *t, const char *path, double until)
{
	static const struct timespec pause = { 0, 100000 };

	while (talk_open(t, path) < 0) {
		if (talk_now_ms() > until) {
			perror(path);
			exit(1);
		}
		ppoll(NULL, 0, &pause, NULL);
	}
}

static double run(const char *path, char **argv)
{
	double begin = talk_now_ms(), ms;
	pid_t pid = launch(argv);
	const char *reply;
	struct talk t;

	connect_to(&t, path, begin + TIMEOUT_MS);
	reply = talk_ask(&t, REQUEST, TIMEOUT_MS);
	ms = talk_now_ms() - begin;
	if (reply == NULL || strstr(reply, "\"real_used\"") == NULL) {
		fprintf(stderr, "reply: %s\n", reply != NULL ? reply : "none");
		exit(1);
	}
	talk_close(&t);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return ms;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double ms[RUNS_MAX];
	long runs;

	if (argc < 4) {
		fputs("usage: first_answer RUNS SOCKET PROGRAM [ARGUMENT...]\n",
		    stderr);
		return 2;
	}
	runs = talk_number(argv[1]);
	runs = runs < RUNS_MAX ? runs : RUNS_MAX;
	for (long i = 0; i < runs; i++)
		ms[i] = run(argv[2], argv + 3);
	qsort(ms, (size_t)runs, sizeof(ms[0]), compare);
	printf("first_answer: %ld runs; ms: median %.1f, least %.1f, most "
	       "%.1f\n",
	    runs, ms[runs / 2], ms[0], ms[runs - 1]);
	return 0;
}
