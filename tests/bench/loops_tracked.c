/* SPDX-License-Identifier: ISC */
/* loops_tracked.c - the loops, looking at the memory after each allocation. */
#include "config.h"

#include "tests/bench/tracked.h"

#define LOOPS		      loops_tracked
#define heap_malloc(size)     tracked_malloc(size)
#define heap_realloc(p, size) tracked_realloc(p, size)
#define heap_free(p)	      tracked_free(p)

#include "tests/bench/loops.h"
