/* SPDX-License-Identifier: ISC */
/* loops_pkg.c - the loops with the public macros of pkg. */
#include "config.h"

#include "mem/mem.h"

#define LOOPS		      loops_pkg
#define heap_malloc(size)     pkg_malloc(size)
#define heap_realloc(p, size) pkg_realloc(p, size)
#define heap_free(p)	      pkg_free(p)

#include "tests/bench/heap.h"
#include "tests/bench/loops.h"
