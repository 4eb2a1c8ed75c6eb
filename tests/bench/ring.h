/* SPDX-License-Identifier: ISC */
/* ring.h - how processes pass each other blocks. */
#ifndef TESTS_BENCH_RING_H
#define TESTS_BENCH_RING_H
/*
 * Two kinds, both for one writer and one reader, and both without an index
 * that is shared: a slot is free when it says so.
 *
 * Lifetime: in memory that was shared before the fork.
 */
#include <sched.h>
#include <stdint.h>

#define RING_SLOTS   1024 /* W5: pointers */
#define RING_BATCHES 64	  /* W8 */
#define RING_BATCH   16	  /* pointers of a batch */
#define RING_LINE    64	  /* bytes of a cache line */
#define RING_PATIENCE                                                          \
	1000 /* looks at a slot before the processor is yielded                \
	      */

struct ring_batch {
	uint32_t full;
	void *block[RING_BATCH]; /* NULL: none */
} __attribute__((aligned(RING_LINE)));

struct ring {
	struct ring_batch batch[RING_BATCHES];
	uint32_t head __attribute__((aligned(RING_LINE))); /* the writer's */
	uint32_t tail __attribute__((aligned(RING_LINE))); /* the reader's */
};

struct rings {
	void *slot[RING_SLOTS];
	uint32_t slot_head __attribute__((aligned(RING_LINE)));
	uint32_t slot_tail __attribute__((aligned(RING_LINE)));
	struct ring from_to[2][2];
	long finished[2]; /* runs that a process has ended */
};

static inline void ring_pause(unsigned *looks)
{
	if (++*looks % RING_PATIENCE == 0)
		sched_yield();
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/* Wait for a free slot and put a block there. */
static inline void ring_put(struct rings *rings, void *block)
{
	void **slot = &rings->slot[rings->slot_head++ % RING_SLOTS];
	unsigned looks = 0;

	while (__atomic_load_n(slot, __ATOMIC_ACQUIRE) != NULL)
		ring_pause(&looks);
	__atomic_store_n(slot, block, __ATOMIC_RELEASE);
}

/* Wait for a block and take it. */
static inline void *ring_get(struct rings *rings)
{
	void **slot = &rings->slot[rings->slot_tail++ % RING_SLOTS];
	unsigned looks = 0;
	void *block;

	while ((block = __atomic_load_n(slot, __ATOMIC_ACQUIRE)) == NULL)
		ring_pause(&looks);
	__atomic_store_n(slot, NULL, __ATOMIC_RELEASE);
	return block;
}

/* The batch to write next, NULL: the ring is full. */
static inline struct ring_batch *ring_free_batch(struct ring *ring)
{
	struct ring_batch *batch = &ring->batch[ring->head % RING_BATCHES];

	return __atomic_load_n(&batch->full, __ATOMIC_ACQUIRE) ? NULL : batch;
}

static inline void ring_publish(struct ring *ring, struct ring_batch *batch)
{
	ring->head++;
	__atomic_store_n(&batch->full, 1, __ATOMIC_RELEASE);
}

/* The batch to read next, NULL: there is none. */
static inline struct ring_batch *ring_full_batch(struct ring *ring)
{
	struct ring_batch *batch = &ring->batch[ring->tail % RING_BATCHES];

	return __atomic_load_n(&batch->full, __ATOMIC_ACQUIRE) ? batch : NULL;
}

static inline void ring_release(struct ring *ring, struct ring_batch *batch)
{
	ring->tail++;
	__atomic_store_n(&batch->full, 0, __ATOMIC_RELEASE);
}

#endif
