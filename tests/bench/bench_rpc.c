/* SPDX-License-Identifier: ISC */
/* bench_rpc.c - core.shmmem on one connection: latency and rate. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "rpc/client.h"
#include "tests/bench/bench_stat.h"

#define TIMEOUT_MS 5000
#define CALLS_MAX  10000000

/* Microseconds of one call; a call that fails ends the program. */
static double call_us(struct rpc_client *client, const char *method)
{
	struct json_object *reply;
	uint64_t begin = bench_now_ns();
	int rc = rpc_client_call(client, method, NULL, &reply);
	double us = (double)(bench_now_ns() - begin) / 1000;

	if (rc < 0) {
		fprintf(stderr, "%s: %s\n", method, km_strerror(rc));
		exit(1);
	}
	json_object_put(reply);
	return us;
}

static void print(const char *method, const double *sorted, long n, double s)
{
	printf("%s: %ld calls, %.0f/s; us: median %.1f, p99 %.1f, max %.1f\n",
	    method, n, (double)n / s, bench_quantile(sorted, (size_t)n, 0.5),
	    bench_quantile(sorted, (size_t)n, 0.99), sorted[n - 1]);
}

int main(int argc, char **argv)
{
	const char *method = "core.shmmem";
	struct rpc_client *client;
	uint64_t begin;
	double *us, s;
	long n;
	int rc;

	if (argc != 3) {
		fputs("usage: bench_rpc SOCKET CALLS\n", stderr);
		return 2;
	}
	n = bench_number(argv[2], CALLS_MAX);
	rc = rpc_client_open(argv[1], TIMEOUT_MS, &client);
	if (rc < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], km_strerror(rc));
		return 1;
	}
	us = calloc((size_t)n, sizeof(*us));
	if (us == NULL)
		return 1;
	begin = bench_now_ns();
	for (long i = 0; i < n; i++)
		us[i] = call_us(client, method);
	s = (double)(bench_now_ns() - begin) / 1e9;
	bench_sort(us, (size_t)n);
	print(method, us, n, s);
	rpc_client_close(&client);
	free(us);
	return 0;
}
