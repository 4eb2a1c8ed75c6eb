/* SPDX-License-Identifier: ISC */
/* tracked.c - a heap watched: the peaks of its memory. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/tracked.h"

/*
 * A look may cost a walk over the pool. A prime, so that laps of the trace are
 * looked at everywhere.
 */
#define LOOK_EVERY 61 /* allocations */

static struct {
	const struct heap *heap;
	unsigned allocations;
	struct heap_memory peaks;
} tracked;

static void raise_to(size_t *peak, size_t now)
{
	if (*peak < now)
		*peak = now;
}

static void look(void)
{
	struct heap_memory now;

	tracked.heap->memory(&now);
	raise_to(&tracked.peaks.used, now.used);
	raise_to(&tracked.peaks.blocks, now.blocks);
	raise_to(&tracked.peaks.counted, now.counted);
	raise_to(&tracked.peaks.held, now.held);
}

void tracked_open(const struct heap *heap)
{
	tracked.heap = heap;
	look();
}

const struct heap_memory *tracked_peaks(void)
{
	return &tracked.peaks;
}

static void *filled(void *p, size_t size)
{
	if (p == NULL)
		_exit(EXIT_NO_ROOM);
	memset(p, 1, size);
	if (tracked.allocations++ % LOOK_EVERY == 0)
		look();
	return p;
}

void *tracked_malloc(size_t size)
{
	return filled(tracked.heap->calls->malloc(size), size);
}

void *tracked_realloc(void *p, size_t size)
{
	return filled(tracked.heap->calls->realloc(p, size), size);
}

void tracked_free(void *p)
{
	tracked.heap->calls->free(p);
}
