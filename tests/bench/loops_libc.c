/* SPDX-License-Identifier: ISC */
/* loops_libc.c - the loops with malloc. */
#include "config.h"

#include <stdlib.h>

#define LOOPS		      loops_libc
#define heap_malloc(size)     malloc(size)
#define heap_realloc(p, size) realloc(p, size)
#define heap_free(p)	      free(p)

#include "tests/bench/heap.h"
#include "tests/bench/loops.h"
