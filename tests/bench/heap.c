/* SPDX-License-Identifier: ISC */
/* heap.c - the heaps that are measured. */
#include "config.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"
#include "tests/bench/heap.h"
#include "tests/bench/heap_count.h"
#include "tests/bench/kmem_pool.h"

struct heap_calls library_calls;

/* ---- pools -------------------------------------------------------------- */

static int open_pool(enum km_pool_kind kind, const struct heap_options *opt)
{
	int rc = km_bench_pool_open(
	    kind, opt->manager, opt->size, kind == KM_PKG ? 1 : opt->processes);

	if (rc == -KM_EINVAL)
		fprintf(stderr, "there is no manager %s\n", opt->manager);
	else if (rc != 0)
		fprintf(stderr, "no pool of %zu bytes: %s\n", opt->size,
		    km_strerror(rc));
	return rc;
}

static int open_pkg(const struct heap *heap, const struct heap_options *opt)
{
	return open_pool(KM_PKG, opt);
}

static int open_shm(const struct heap *heap, const struct heap_options *opt)
{
	return open_pool(KM_SHM, opt);
}

static void join_pkg(int rank)
{
	km_bench_pool_join(KM_PKG, 0);
}

static void join_shm(int rank)
{
	km_bench_pool_join(KM_SHM, rank);
}

static void from_info(
    const struct km_mem_info *info, struct heap_memory *memory)
{
	*memory = (struct heap_memory){
		.used = info->used,
		.blocks = info->blocks,
		.counted = info->counted,
		.held = info->real_used,
	};
}

static void memory_pkg(struct heap_memory *memory)
{
	struct km_mem_info info;

	pkg_info(&info);
	from_info(&info, memory);
}

static void memory_shm(struct heap_memory *memory)
{
	struct km_mem_info info;

	shm_info(&info);
	from_info(&info, memory);
}

static void *call_pkg_malloc(size_t size)
{
	return pkg_malloc(size);
}

static void *call_pkg_realloc(void *p, size_t size)
{
	return pkg_realloc(p, size);
}

static void call_pkg_free(void *p)
{
	pkg_free(p);
}

static void *call_shm_malloc(size_t size)
{
	return shm_malloc(size);
}

static void *call_shm_realloc(void *p, size_t size)
{
	return shm_realloc(p, size);
}

static void call_shm_free(void *p)
{
	shm_free(p);
}

static const struct heap_calls pkg_calls = { call_pkg_malloc, call_pkg_realloc,
	call_pkg_free };
static const struct heap_calls shm_calls = { call_shm_malloc, call_shm_realloc,
	call_shm_free };
static const struct heap_calls libc_calls = { malloc, realloc, free };

/* ---- libraries ---------------------------------------------------------- */

static size_t (*boost_counted)(void);

static void *function(void *library, const char *prefix, const char *name)
{
	char symbol[64];

	snprintf(symbol, sizeof(symbol), "%s%s", prefix, name);
	return dlsym(library, symbol);
}

static void *open_library(const struct heap *heap)
{
	void *library = NULL;

	for (int i = 0; library == NULL && heap->libraries[i] != NULL; i++)
		library = dlopen(heap->libraries[i], RTLD_NOW | RTLD_LOCAL);
	if (library == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return NULL;
	}
	*(void **)&library_calls.malloc =
	    function(library, heap->prefix, "malloc");
	*(void **)&library_calls.realloc =
	    function(library, heap->prefix, "realloc");
	*(void **)&library_calls.free = function(library, heap->prefix, "free");
	return library;
}

static int open_peer(const struct heap *heap, const struct heap_options *opt)
{
	return open_library(heap) != NULL ? 0 : -KM_ENOENT;
}

static int open_boost(const struct heap *heap, const struct heap_options *opt)
{
	void *library = open_library(heap);
	int (*create)(size_t size);

	if (library == NULL)
		return -KM_ENOENT;
	*(void **)&create = function(library, heap->prefix, "create");
	*(void **)&boost_counted = function(library, heap->prefix, "counted");
	return create(opt->size) == 0 ? 0 : -KM_ERANGE;
}

static void memory_boost(struct heap_memory *memory)
{
	*memory = (struct heap_memory){ .counted = boost_counted() };
}

static int open_nothing(const struct heap *heap, const struct heap_options *opt)
{
	return 0;
}

static void join_nothing(int rank)
{
}

/* ---- all ---------------------------------------------------------------- */

static const char *const jemalloc_libraries[] = { "libjemalloc.so.2", NULL };
static const char *const mimalloc_libraries[] = { "libmimalloc.so.2.0",
	"libmimalloc.so.2", NULL };
static const char *const boost_libraries[] = { BENCH_DIR "/heap_boost.so",
	NULL };

static const struct heap heaps[] = {
	{ "pkg", 0, open_pkg, join_pkg, memory_pkg, loops_pkg, &pkg_calls },
	{ "shm", 1, open_shm, join_shm, memory_shm, loops_shm, &shm_calls },
	{ "glibc", 0, open_nothing, join_nothing, resident_memory, loops_libc,
	    &libc_calls },
	{ "jemalloc", 0, open_peer, join_nothing, resident_memory,
	    loops_library, &library_calls, jemalloc_libraries, "" },
	{ "mimalloc", 0, open_peer, join_nothing, resident_memory,
	    loops_library, &library_calls, mimalloc_libraries, "mi_" },
	{ "boost", 1, open_boost, join_nothing, memory_boost, loops_library,
	    &library_calls, boost_libraries, "bench_boost_" },
	{ "none", 1, open_nothing, join_nothing, count_memory, loops_none,
	    &count_calls },
};

#define HEAPS (sizeof(heaps) / sizeof(heaps[0]))

const struct heap *heap_find(const char *name)
{
	for (size_t i = 0; i < HEAPS; i++)
		if (strcmp(heaps[i].name, name) == 0)
			return &heaps[i];
	return NULL;
}

void heap_list(void)
{
	for (size_t i = 0; i < HEAPS; i++)
		fprintf(stderr, " %s", heaps[i].name);
	fputc('\n', stderr);
}
