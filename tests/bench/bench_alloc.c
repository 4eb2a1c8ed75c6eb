/* SPDX-License-Identifier: ISC */
/* bench_alloc.c - malloc and free: pools of every manager, and others. */
#include "config.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/mem.h"
#include "mem/pool.h"
#include "mem/shm_mem.h"
#include "tests/bench/bench_stat.h"

#define LIVE	  10000 /* blocks alive while pairs are timed */
#define DRAWS	  65536 /* random sizes and places, made before timing */
#define RUNS_MAX  99
#define POOL_SIZE ((size_t)256 << 20) /* bytes, of which few are touched */

struct draw {
	uint32_t size;	/* bytes */
	uint32_t place; /* of the LIVE ones */
};

static struct {
	struct draw draws[DRAWS];
	void *blocks[LIVE];
	void *(*other_malloc)(size_t size); /* of the dlopen'ed library */
	void (*other_free)(void *p);
} bench;

struct workload {
	const char *name;
	const char *what;
	uint32_t min, max; /* bytes, log-uniform */
	int replaces;	   /* frees a random live block, not the new one */
};

static const struct workload workloads[] = {
	{ "W6", "64-byte pairs", 64, 64, 0 },
	{ "W2", "16..4096 bytes log-uniform, random replacement", 16, 4096, 1 },
};

#define WORKLOADS (sizeof(workloads) / sizeof(workloads[0]))

/*
 * LOOP(name, get, put) makes the timed loops of one allocator, so that its
 * calls are direct ones, through the macros where it has macros.
 */
#define LOOP(name, get, put)                                                   \
	static void name##_fill(void)                                          \
	{                                                                      \
		for (int i = 0; i < LIVE; i++)                                 \
			bench.blocks[i] = get(bench.draws[i].size);            \
	}                                                                      \
	static void name##_empty(void)                                         \
	{                                                                      \
		for (int i = 0; i < LIVE; i++)                                 \
			put(bench.blocks[i]);                                  \
	}                                                                      \
	static void name##_pairs(long n)                                       \
	{                                                                      \
		for (long i = 0; i < n; i++) {                                 \
			void *p = get(bench.draws[i % DRAWS].size);            \
                                                                               \
			*(volatile char *)p = 1;                               \
			put(p);                                                \
		}                                                              \
	}                                                                      \
	static void name##_replace(long n)                                     \
	{                                                                      \
		for (long i = 0; i < n; i++) {                                 \
			const struct draw *draw = &bench.draws[i % DRAWS];     \
			void **place = &bench.blocks[draw->place];             \
                                                                               \
			put(*place);                                           \
			*place = get(draw->size);                              \
			*(volatile char *)*place = 1;                          \
		}                                                              \
	}

LOOP(libc, malloc, free)
LOOP(other, bench.other_malloc, bench.other_free)
LOOP(pkg, pkg_malloc, pkg_free)
LOOP(shm, shm_malloc, shm_free)

struct loops {
	void (*fill)(void);
	void (*empty)(void);
	void (*pairs)(long n);
	void (*replace)(long n);
};

#define LOOPS(name)                                                            \
	{                                                                      \
		name##_fill, name##_empty, name##_pairs, name##_replace        \
	}

/* Who is measured: `what` is a manager or a library, NULL: libc. */
struct subject {
	const char *name;
	const char *what;
	const char *malloc_name; /* of a library */
	const char *free_name;
	enum km_pool_kind kind; /* of a manager's pool */
	struct loops loops;
	struct km_pool *pool;
	void *library;
	int is_there;
	double ns[WORKLOADS][RUNS_MAX];
};

static struct subject subjects[] = {
	{ "glibc", .loops = LOOPS(libc) },
	{ "jemalloc", "libjemalloc.so.2", "malloc", "free",
	    .loops = LOOPS(other) },
	{ "mimalloc", "libmimalloc.so.2.0", "mi_malloc", "mi_free",
	    .loops = LOOPS(other) },
	{ "pkg qm", "qm", .kind = KM_PKG, .loops = LOOPS(pkg) },
	{ "shm qm", "qm", .kind = KM_SHM, .loops = LOOPS(shm) },
	{ "pkg slab", "slab", .kind = KM_PKG, .loops = LOOPS(pkg) },
	{ "shm slab", "slab", .kind = KM_SHM, .loops = LOOPS(shm) },
};

#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

static int open_pool(struct subject *s)
{
	struct pool_options opt = {
		.kind = s->kind,
		.manager = s->what,
		.name = s->name,
		.n_slots = 1,
		.size = POOL_SIZE,
	};
	void *map = mmap(NULL, POOL_SIZE, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return -KM_ESYS;
	return pool_create(map, &opt, &s->pool);
}

static int open_library(struct subject *s)
{
	s->library = dlopen(s->what, RTLD_NOW | RTLD_LOCAL);
	if (s->library == NULL || dlsym(s->library, s->malloc_name) == NULL ||
	    dlsym(s->library, s->free_name) == NULL)
		return -KM_ENOENT;
	return 0;
}

static void open_subjects(void)
{
	for (size_t i = 0; i < SUBJECTS; i++) {
		struct subject *s = &subjects[i];

		if (s->what == NULL)
			s->is_there = 1;
		else if (s->malloc_name != NULL)
			s->is_there = open_library(s) == 0;
		else
			s->is_there =
			    pool_has_manager(s->what) && open_pool(s) == 0;
	}
}

/* The loops call what was chosen last. */
static void choose(const struct subject *s)
{
	if (s->pool != NULL)
		pool_use(s->kind, s->pool, 0);
	if (s->library == NULL)
		return;
	*(void **)&bench.other_malloc = dlsym(s->library, s->malloc_name);
	*(void **)&bench.other_free = dlsym(s->library, s->free_name);
}

/* The same draws for everybody. */
static void draw(const struct workload *w)
{
	double span = log((double)w->max / w->min);

	srandom(1);
	for (int i = 0; i < DRAWS; i++) {
		double part = (double)random() / RAND_MAX;

		bench.draws[i].size = (uint32_t)(w->min * exp(part * span));
		bench.draws[i].place = (uint32_t)random() % LIVE;
	}
}

/* Nanoseconds per pair. */
static double run(struct subject *s, const struct workload *w, long pairs)
{
	uint64_t begin, end;

	choose(s);
	s->loops.fill();
	begin = bench_now_ns();
	if (w->replaces)
		s->loops.replace(pairs);
	else
		s->loops.pairs(pairs);
	end = bench_now_ns();
	s->loops.empty();
	return (double)(end - begin) / (double)pairs;
}

/* Interleaved, every other round backwards, so that drift hits all alike. */
static void measure(size_t w, long runs, long pairs)
{
	draw(&workloads[w]);
	for (long r = -1; r < runs; r++) { /* the first one warms up */
		for (size_t i = 0; i < SUBJECTS; i++) {
			struct subject *s =
			    &subjects[r % 2 == 0 ? i : SUBJECTS - 1 - i];
			double ns;

			if (!s->is_there)
				continue;
			ns = run(s, &workloads[w], pairs);
			if (r >= 0)
				s->ns[w][r] = ns;
		}
	}
	for (size_t i = 0; i < SUBJECTS; i++)
		bench_sort(subjects[i].ns[w], (size_t)runs);
}

static void print(size_t w, size_t runs)
{
	double base = bench_quantile(subjects[0].ns[w], runs, 0.5);

	printf("\n%s: %s, %d live blocks\n", workloads[w].name,
	    workloads[w].what, LIVE);
	printf("  %-10s %8s %8s %8s %9s\n", "ns/pair", "median", "min", "max",
	    "x glibc");
	for (size_t i = 0; i < SUBJECTS; i++) {
		const struct subject *s = &subjects[i];
		double median = bench_quantile(s->ns[w], runs, 0.5);

		if (s->is_there)
			printf("  %-10s %8.1f %8.1f %8.1f %9.2f\n", s->name,
			    median, s->ns[w][0], s->ns[w][runs - 1],
			    median / base);
		else
			printf("  %-10s %8s\n", s->name, "not here");
	}
}

int main(int argc, char **argv)
{
	long runs = 9, pairs = 200000;
	int c;

	while ((c = getopt(argc, argv, "r:n:")) != -1) {
		if (c == 'r') {
			runs = bench_number(optarg, RUNS_MAX);
		} else if (c == 'n') {
			pairs = bench_number(optarg, 1000000000);
		} else {
			fputs("usage: bench_alloc [-r runs] [-n pairs]\n",
			    stderr);
			return 2;
		}
	}
	open_subjects();
	printf("$ %s -r %ld -n %ld\n", argv[0], runs, pairs);
	for (size_t w = 0; w < WORKLOADS; w++) {
		measure(w, runs, pairs);
		print(w, (size_t)runs);
	}
	return 0;
}
