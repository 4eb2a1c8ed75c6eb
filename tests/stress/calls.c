/* SPDX-License-Identifier: ISC */
/* calls.c - a client that behaves, and keeps the worst time it had to wait. */
#include "config.h"

#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "rpc/client.h"
#include "tests/stress/wire.h"

#define TIMEOUT_MS 120000
#define DEADLINE_S 60

static const char *path;
static const char *method = "core.shmmem";
static struct json_object *params; /* NULL: none */
static volatile sig_atomic_t ended;

static void on_term(int sig)
{
	ended = 1;
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static struct rpc_client *connected(void)
{
	struct rpc_client *client;
	int rc = rpc_client_open(path, TIMEOUT_MS, &client);

	if (rc < 0) {
		fprintf(stderr, "%s: %s: %m\n", path, km_strerror(rc));
		exit(1);
	}
	return client;
}

/* A call that fails ends the program. */
static void call(struct rpc_client *client)
{
	struct json_object *reply = NULL, *result;
	int rc =
	    rpc_client_call(client, method, json_object_get(params), &reply);

	if (rc < 0 || !json_object_object_get_ex(reply, "result", &result)) {
		fprintf(stderr, "%s: %s\n", method,
		    rc < 0 ? km_strerror(rc) : json_object_get_string(reply));
		exit(1);
	}
	json_object_put(reply);
}

static void one_connection(long n)
{
	struct rpc_client *client = connected();

	for (long i = 0; i < n; i++)
		call(client);
	rpc_client_close(&client);
}

static void connections(long n)
{
	for (long i = 0; i < n; i++)
		one_connection(1);
}

/* How many calls took 0, 10, 20 ... microseconds; the last: longer. */
#define STEP_MS 0.01
#define N_STEPS 100000
static long took[N_STEPS];

static void note(double ms)
{
	double step = ms / STEP_MS;

	took[step < N_STEPS ? (size_t)step : N_STEPS - 1]++;
}

/* 99 of 100 calls were not slower. */
static double percentile_99(long calls)
{
	long left = calls - calls / 100;
	size_t step = 0;

	while (step < N_STEPS - 1 && left > took[step])
		left -= took[step++];
	return (double)(step + 1) * STEP_MS;
}

/*
 * Until SIGTERM: a line when it is on its way, and one with the outcome:
 * calls, and the worst and the 99th percentile of their times in ms.
 */
static void watch(long every)
{
	struct rpc_client *client = connected();
	double worst_ms = 0;
	long calls = 0;

	do {
		double begin = now_ms(), ms;

		call(client);
		ms = now_ms() - begin;
		if (ms > worst_ms)
			worst_ms = ms;
		note(ms);
		if (calls++ == 0) {
			puts("watching");
			fflush(stdout);
		}
	} while (!ended);
	printf("%ld %.1f %.2f\n", calls, worst_ms, percentile_99(calls));
	rpc_client_close(&client);
}

static const struct {
	const char *name;
	void (*run)(long n);
} modes[] = {
	{ "call", one_connection },
	{ "connect", connections },
	{ "watch", watch },
};

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_term, .sa_flags = SA_RESTART };

	if (argc < 4 || argc > 6) {
		fputs("usage: calls SOCKET call|connect|watch N "
		      "[METHOD [PARAMS]]\n",
		    stderr);
		return 2;
	}
	path = argv[1];
	if (argc > 4)
		method = argv[4];
	if (argc > 5)
		params = json_tokener_parse(argv[5]);
	sigaction(SIGTERM, &sa, NULL);
	wire_deadline(DEADLINE_S);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[2], modes[i].name) == 0) {
			modes[i].run(atol(argv[3]));
			return 0;
		}
	fprintf(stderr, "%s: no such mode\n", argv[2]);
	return 2;
}
