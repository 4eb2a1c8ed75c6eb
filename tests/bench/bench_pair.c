/* SPDX-License-Identifier: ISC */
/* bench_pair.c - a program on libc's malloc and on another, in turn. */
#include "config.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench_stat.h"

/*
 * usage: bench_pair [-o] ROUNDS BASE LIBRARY NAME PROGRAM ARGS...
 *
 * Preloads BASE ("": nothing) and LIBRARY, every other round in the opposite
 * order, and prints the medians of wall clock and CPU time. With -o nothing is
 * preloaded: the program finds which it is in BENCH_LIBRARY, and prints the CPU
 * seconds that count.
 */
#define ROUNDS_MAX 999
#define N_SIDES	   2

enum what {
	WALL,
	CPU,
	WHAT__COUNT
};

static struct {
	bool asks; /* -o */
	const char *library[N_SIDES];
	char **argv;
	double seconds[N_SIDES][WHAT__COUNT][ROUNDS_MAX];
} bench;

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void run_child(const char *library, int out)
{
	const char *name = bench.asks ? "BENCH_LIBRARY" : "LD_PRELOAD";

	dup2(out, STDOUT_FILENO);
	dup2(open("/dev/null", O_RDWR | O_CLOEXEC), STDERR_FILENO);
	setenv(name, library, 1);
	if (library[0] == '\0')
		unsetenv(name);
	execvp(bench.argv[0], bench.argv);
	_exit(127);
}

/* What the program said: seconds. */
static double read_seconds(int fd)
{
	char text[64] = "";
	ssize_t n = read(fd, text, sizeof(text) - 1);

	return n > 0 ? strtod(text, NULL) : 0;
}

/* Returns 0, or its status. */
static int run(int side, int round)
{
	struct rusage usage;
	int status, out[2];
	uint64_t begin;
	double cpu;
	pid_t pid;

	if (bench.asks
		? pipe2(out, O_CLOEXEC) != 0
		: (out[0] = out[1] = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0)
		return 1;
	begin = bench_now_ns();
	pid = fork();
	if (pid == 0)
		run_child(bench.library[side], out[1]);
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 1;
	bench.seconds[side][WALL][round] =
	    (double)(bench_now_ns() - begin) / 1e9;
	cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
	if (bench.asks)
		close(out[1]);
	bench.seconds[side][CPU][round] =
	    bench.asks ? read_seconds(out[0]) : cpu;
	close(out[0]);
	return status;
}

static double median(double *seconds, int rounds)
{
	bench_sort(seconds, (size_t)rounds);
	return bench_quantile(seconds, (size_t)rounds, 0.5);
}

static void print(enum what what, const char *word, int rounds)
{
	double base = median(bench.seconds[0][what], rounds);
	double other = median(bench.seconds[1][what], rounds);

	printf("  %s %8.3f %8.3f %5.2f", word, base, other, other / base);
}

int main(int argc, char **argv)
{
	bool asks = argc > 1 && strcmp(argv[1], "-o") == 0;
	int rounds;

	argc -= asks;
	argv += asks;
	if (argc < 6) {
		fputs("usage: bench_pair [-o] ROUNDS BASE LIBRARY NAME "
		      "PROGRAM ARGS...\n",
		    stderr);
		return 2;
	}
	rounds = (int)bench_number(argv[1], ROUNDS_MAX);
	bench.asks = asks;
	bench.library[0] = argv[2];
	bench.library[1] = argv[3];
	bench.argv = argv + 5;
	for (int round = 0; round < rounds; round++)
		for (int side = 0; side < N_SIDES; side++)
			if (run((side + round) % N_SIDES, round) != 0) {
				printf("%-24s fails\n", argv[4]);
				return 1;
			}
	printf("%-24s", argv[4]);
	print(WALL, "wall", rounds);
	print(CPU, "cpu", rounds);
	putchar('\n');
	return 0;
}
