/* SPDX-License-Identifier: ISC */
/* heap.h - the heaps that are measured. */
#ifndef TESTS_BENCH_HEAP_H
#define TESTS_BENCH_HEAP_H
/*
 * Lifetime: one heap is opened in a run of the program, and never closed.
 * A shared heap is opened before the fork, a private one after it.
 */
#include <stddef.h>

#include "tests/bench/play.h"

struct heap_options {
	const char *manager; /* of pkg and shm */
	size_t size;	     /* bytes, where a heap has a size */
	int processes;
};

struct heap_calls {
	void *(*malloc)(size_t size);
	void *(*realloc)(void *p, size_t size);
	void (*free)(void *p);
};

/* Bytes, as far as a heap tells; the others are 0. */
struct heap_memory {
	size_t used;	/* requested by live blocks */
	size_t blocks;	/* live ones */
	size_t counted; /* taken by live blocks and metadata */
	size_t held;	/* what nobody else can get */
};

struct heap {
	const char *name;
	int is_shared;
	/* 0, or -KM_E... after a line on stderr: the heap is not here. */
	int (*open)(const struct heap *heap, const struct heap_options *opt);
	void (*join)(int rank); /* in each process, after the fork */
	void (*memory)(struct heap_memory *memory);
	const struct loop *loops;
	const struct heap_calls *calls;
	const char *const *libraries; /* names to try */
	const char *prefix;	      /* of the library's functions */
};

/* NULL: there is none of this name. */
const struct heap *heap_find(const char *name);

/* The names of all, on stderr. */
void heap_list(void);

/* The functions of the library opened. */
extern struct heap_calls library_calls;

extern const struct loop loops_pkg[WORKLOAD__COUNT];
extern const struct loop loops_shm[WORKLOAD__COUNT];
extern const struct loop loops_libc[WORKLOAD__COUNT];
extern const struct loop loops_library[WORKLOAD__COUNT];
extern const struct loop loops_none[WORKLOAD__COUNT];

#endif
