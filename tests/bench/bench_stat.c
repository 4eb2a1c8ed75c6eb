/* SPDX-License-Identifier: ISC */
/* bench_stat.c - clock and order statistics of the benchmarks. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/bench/bench_stat.h"

uint64_t bench_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void bench_sort(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
}

double bench_quantile(const double *sorted, size_t n, double part)
{
	return sorted[(size_t)((double)(n - 1) * part)];
}

long bench_number(const char *text, long max)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end != '\0' || n < 1 || n > max) {
		fprintf(
		    stderr, "%s: must be a number from 1 to %ld\n", text, max);
		exit(2);
	}
	return n;
}
