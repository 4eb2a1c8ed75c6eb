/* SPDX-License-Identifier: ISC */
/* bench_heap.c - one workload on one heap: how fast, and how flat. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench_stat.h"
#include "tests/bench/heap.h"
#include "tests/bench/procs.h"
#include "tests/bench/tracked.h"
#include "tests/bench/workload.h"

#define EXIT_NOT_HERE 77 /* as of a test that is skipped */
#define FLAT_CYCLES   8	 /* of all draws: more than W4's FIFO is long */
/*
 * More memory held is growth.  Two processes differ by 8 % from half to half;
 * one block lost of a hundred pairs would be over 100 %.
 */
#define FLAT_PERCENT 20
#define WARM_UP_MAX  262144 /* pairs before the timed ones */
#define POOL_KB	     (256 << 10)

enum bench_mode {
	MODE_TIME,
	MODE_FLAT,
	MODE_MEMORY
};

static struct {
	const struct heap *heap;
	const struct workload *workload;
	struct heap_options heap_options;
	struct play play;
	struct procs *procs;
	const char *trace;
	long pairs;
	long live;
	enum bench_mode mode;
} bench = {
	.heap_options = { "slab", (size_t)POOL_KB << 10, 1 },
	.trace = BENCH_TRACE,
};

static int usage(void)
{
	fputs("usage: bench_heap --heap HEAP [OPTION...] WORKLOAD\n"
	      "  --manager NAME    of heap pkg and shm (slab)\n"
	      "  --processes N     1 or 2 at the same time\n"
	      "  --pairs N         how many are timed\n"
	      "  --live N          live blocks\n"
	      "  --pool KB         size of a pool\n"
	      "  --trace FILE      of W7\n"
	      "  --flat            is memory the same after twice as many?\n"
	      "  --memory          peaks, in bytes\n"
	      "Status 77: that heap is not here, or not for that workload;\n"
	      "3: with --memory, the pool is too small.\n"
	      "Heaps:",
	    stderr);
	heap_list();
	fputs("Workloads:\n", stderr);
	workload_list();
	return 2;
}

/* ---- in each process ---------------------------------------------------- */

static void time_run(const struct loop *loop, int rank)
{
	uint64_t begin = bench_now_ns();
	long pairs = loop->run(&bench.play, bench.pairs);
	uint64_t end = bench_now_ns();

	bench.procs->pairs[rank] = pairs;
	bench.procs->ns[rank] = (double)(end - begin) / (double)pairs;
}

/* What there is now, but for what is held: the most there has been. */
static void note_memory(struct heap_memory *memory)
{
	size_t held = memory->held;

	bench.heap->memory(memory);
	if (memory->held < held)
		memory->held = held;
}

/*
 * The memory of each of two runs of as many pairs.  How much is held at one
 * moment depends on who is ahead, where there are two: so it is looked at
 * often.
 */
static void flat_runs(const struct loop *loop, int rank, int *passed)
{
	for (int i = 0; i < 2 * FLAT_CYCLES; i++) {
		loop->run(&bench.play, (long)bench.play.n_draws);
		procs_barrier(bench.procs, passed);
		if (rank == 0)
			note_memory(&bench.procs->memory[i / FLAT_CYCLES]);
		procs_barrier(bench.procs, passed);
	}
}

static void timed_runs(const struct loop *loop, int rank, int *passed)
{
	long warm_up = bench.play.n_draws;

	loop->run(&bench.play, warm_up < WARM_UP_MAX ? warm_up : WARM_UP_MAX);
	procs_barrier(bench.procs, passed);
	time_run(loop, rank);
}

/* The first memory is that of the empty heap, the second the peaks. */
static void memory_run(const struct loop *loop)
{
	loop->run(&bench.play, FLAT_CYCLES * (long)bench.play.n_draws);
	bench.procs->memory[1] = *tracked_peaks();
}

static int play(int rank, void *data)
{
	const struct loop *loop = &bench.heap->loops[bench.workload->id];
	int passed = 0;

	bench.play.rank = rank;
	if (!bench.heap->is_shared &&
	    bench.heap->open(bench.heap, &bench.heap_options) != 0)
		return EXIT_NOT_HERE;
	bench.heap->join(rank);
	if (bench.mode == MODE_MEMORY) {
		bench.heap->memory(&bench.procs->memory[0]);
		tracked_open(bench.heap);
		loop = &loops_tracked[bench.workload->id];
	}
	loop->fill(&bench.play);
	procs_barrier(bench.procs, &passed);
	if (bench.mode == MODE_FLAT)
		flat_runs(loop, rank, &passed);
	else if (bench.mode == MODE_MEMORY)
		memory_run(loop);
	else
		timed_runs(loop, rank, &passed);
	procs_barrier(bench.procs, &passed);
	loop->empty(&bench.play);
	return 0;
}

/* ---- results ------------------------------------------------------------ */

static double mean_ns(void)
{
	double sum = 0;

	for (int i = 0; i < bench.procs->n; i++)
		sum += bench.procs->ns[i];
	return sum / bench.procs->n;
}

/* Blocks that were lost in the second half, or memory that was not reused. */
static int print_flat(void)
{
	const struct heap_memory *once = &bench.procs->memory[0];
	const struct heap_memory *twice = &bench.procs->memory[1];
	int is_flat = once->used == twice->used &&
		      once->blocks == twice->blocks &&
		      twice->held * 100 <= once->held * (100 + FLAT_PERCENT);

	printf("flat=%s used=%zu,%zu blocks=%zu,%zu held=%zu,%zu\n",
	    is_flat ? "yes" : "no", once->used, twice->used, once->blocks,
	    twice->blocks, once->held, twice->held);
	return is_flat ? 0 : 1;
}

static void print_memory(void)
{
	const struct heap_memory *empty = &bench.procs->memory[0];
	const struct heap_memory *peaks = &bench.procs->memory[1];

	printf("used=%zu counted=%zu held=%zu empty=%zu\n", peaks->used,
	    peaks->counted, peaks->held, empty->held);
}

static int print(void)
{
	switch (bench.mode) {
	case MODE_FLAT:
		return print_flat();
	case MODE_MEMORY:
		print_memory();
		return 0;
	default:
		printf("ns=%.2f pairs=%ld\n", mean_ns(), bench.procs->pairs[0]);
		return 0;
	}
}

/* ---- the program -------------------------------------------------------- */

static int is_possible(void)
{
	if (bench.mode == MODE_MEMORY && bench.heap_options.processes > 1) {
		fputs("--memory is of one process\n", stderr);
		return 0;
	}
	if (bench.workload->needs_processes < 2)
		return 1;
	if (!bench.heap->is_shared) {
		fprintf(stderr, "%s is between processes: %s is private\n",
		    bench.workload->name, bench.heap->name);
		return 0;
	}
	bench.heap_options.processes = 2;
	return 1;
}

static int bench_run(void)
{
	int rc;

	if (!is_possible())
		return EXIT_NOT_HERE;
	if (bench.pairs == 0)
		bench.pairs = bench.workload->pairs;
	bench.procs = procs_new(bench.heap_options.processes);
	if (bench.procs == NULL || play_open(&bench.play, bench.workload,
				       (uint32_t)bench.live, bench.trace) != 0)
		return 1;
	bench.play.processes = bench.procs->n;
	bench.play.rings = &bench.procs->rings;
	if (bench.heap->is_shared &&
	    bench.heap->open(bench.heap, &bench.heap_options) != 0)
		return EXIT_NOT_HERE;
	rc = procs_run(bench.procs, play, NULL);
	return rc != 0 ? rc : print();
}

/* jemalloc wants its thread-local memory among that of the program. */
static void make_room_for_library(char **argv)
{
	if (bench.heap->libraries == NULL || getenv("GLIBC_TUNABLES") != NULL)
		return;
	setenv("GLIBC_TUNABLES", "glibc.rtld.optional_static_tls=16384", 1);
	execv("/proc/self/exe", argv);
	perror("/proc/self/exe");
}

static int set(int option)
{
	switch (option) {
	case 'h':
		bench.heap = heap_find(optarg);
		return bench.heap != NULL ? 0 : -1;
	case 'm':
		bench.heap_options.manager = optarg;
		return 0;
	case 'p':
		bench.heap_options.processes =
		    (int)bench_number(optarg, PROCESSES_MAX);
		return 0;
	case 'n':
		bench.pairs = bench_number(optarg, 1000000000);
		return 0;
	case 'l':
		bench.live = bench_number(optarg, 100000000);
		return 0;
	case 's':
		bench.heap_options.size = (size_t)bench_number(optarg, 1 << 30)
					  << 10;
		return 0;
	case 't':
		bench.trace = optarg;
		return 0;
	case 'f':
		bench.mode = MODE_FLAT;
		return 0;
	case 'M':
		bench.mode = MODE_MEMORY;
		return 0;
	default:
		return -1;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "heap", required_argument, NULL, 'h' },
		{ "manager", required_argument, NULL, 'm' },
		{ "processes", required_argument, NULL, 'p' },
		{ "pairs", required_argument, NULL, 'n' },
		{ "live", required_argument, NULL, 'l' },
		{ "pool", required_argument, NULL, 's' },
		{ "trace", required_argument, NULL, 't' },
		{ "flat", no_argument, NULL, 'f' },
		{ "memory", no_argument, NULL, 'M' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (set(c) != 0)
			return usage();
	if (optind + 1 != argc || bench.heap == NULL)
		return usage();
	bench.workload = workload_find(argv[optind]);
	if (bench.workload == NULL)
		return usage();
	make_room_for_library(argv);
	return bench_run();
}
