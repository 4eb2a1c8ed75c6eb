/* SPDX-License-Identifier: ISC */
/* loops_library.c - the loops with a library opened at run time. */
#include "config.h"

#define LOOPS		      loops_library
#define heap_malloc(size)     library_calls.malloc(size)
#define heap_realloc(p, size) library_calls.realloc(p, size)
#define heap_free(p)	      library_calls.free(p)

#include "tests/bench/heap.h"
#include "tests/bench/loops.h"
