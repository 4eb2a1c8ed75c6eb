/* SPDX-License-Identifier: ISC */
/* bench_stat.h - clock and order statistics of the benchmarks. */
#ifndef TESTS_BENCH_STAT_H
#define TESTS_BENCH_STAT_H
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of the monotonic clock. */
uint64_t bench_now_ns(void);

/* Put values in ascending order. */
void bench_sort(double *values, size_t n);

/*
 * Of n > 0 sorted values, the one that a part of them (0.5: the median, 0.99)
 * does not exceed.
 */
double bench_quantile(const double *sorted, size_t n, double part);

/* A number from 1 to max from the command line, or exit with status 2. */
long bench_number(const char *text, long max);

#endif
