/* SPDX-License-Identifier: ISC */
/* bench_attach.c - from km_attach() to the first block of shm. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmem.h"
#include "tests/bench/bench_stat.h"

/*
 * usage: bench_attach RUNS
 * Each run is a program of its own, that attaches at KMEMD_ATTACH and stays
 * until all have done so: kmemd has nothing else to do. Prints
 *
 *   attach: 101 runs; us: median 310, p90 350, least 290; attached after 250
 */
#define RUNS_MAX 10000

struct times {
	double attach, block; /* us */
};

static int one(int out)
{
	struct times times;
	char byte;
	uint64_t begin = bench_now_ns();
	int rc = km_attach(NULL);
	void *p;

	if (rc != 0) {
		fprintf(stderr, "km_attach: %s\n", km_attach_why());
		return 1;
	}
	times.attach = (double)(bench_now_ns() - begin) / 1000;
	p = shm_malloc(100);
	times.block = (double)(bench_now_ns() - begin) / 1000;
	shm_free(p);
	if (p == NULL || write(out, &times, sizeof(times)) != sizeof(times))
		return 1;
	/* Until the last one has its block. */
	return read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
}

/* stay: what it waits on. */
static void run(int stay[2], struct times *times)
{
	int end[2];
	char out[16];
	pid_t pid;

	if (pipe(end) != 0)
		exit(1);
	snprintf(out, sizeof(out), "%d", end[1]);
	pid = fork();
	if (pid == 0) {
		dup2(stay[0], STDIN_FILENO);
		close(stay[1]);
		execl("/proc/self/exe", "bench_attach", "--one", out,
		    (char *)NULL);
		_exit(127);
	}
	close(end[1]);
	if (read(end[0], times, sizeof(*times)) != sizeof(*times))
		exit(1);
	close(end[0]);
}

int main(int argc, char **argv)
{
	static double attach[RUNS_MAX], block[RUNS_MAX];
	struct times times;
	int stay[2];
	size_t n;

	if (argc == 3 && strcmp(argv[1], "--one") == 0)
		return one((int)bench_number(argv[2], 1024));
	if (argc != 2) {
		fputs("usage: bench_attach RUNS\n", stderr);
		return 2;
	}
	n = (size_t)bench_number(argv[1], RUNS_MAX);
	if (pipe(stay) != 0)
		return 1;
	for (size_t i = 0; i < n; i++) {
		run(stay, &times);
		attach[i] = times.attach;
		block[i] = times.block;
	}
	close(stay[1]);
	while (wait(NULL) > 0)
		;
	bench_sort(attach, n);
	bench_sort(block, n);
	printf("attach: %zu runs; us: median %.0f, p90 %.0f, least %.0f; "
	       "attached after %.0f\n",
	    n, bench_quantile(block, n, 0.5), bench_quantile(block, n, 0.9),
	    block[0], bench_quantile(attach, n, 0.5));
	return 0;
}
