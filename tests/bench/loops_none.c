/* SPDX-License-Identifier: ISC */
/* loops_none.c - the loops alone: what the others' figures contain. */
#include "config.h"

#define LOOPS		      loops_none
#define heap_malloc(size)     ((void)(size), (void *)loops_none_block)
#define heap_realloc(p, size) ((void)(size), (p))
#define heap_free(p)	      ((void)*(volatile char *)(p))

static char loops_none_block[1 << 16];

#include "tests/bench/heap.h"
#include "tests/bench/loops.h"
