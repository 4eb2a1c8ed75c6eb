/* SPDX-License-Identifier: ISC */
/* loops_shm.c - the loops with the public macros of shm. */
#include "config.h"

#include "mem/shm_mem.h"

#define LOOPS		      loops_shm
#define heap_malloc(size)     shm_malloc(size)
#define heap_realloc(p, size) shm_realloc(p, size)
#define heap_free(p)	      shm_free(p)

#include "tests/bench/heap.h"
#include "tests/bench/loops.h"
