/* SPDX-License-Identifier: ISC */
/* loops.h - the timed loops, to be compiled once for each heap. */
#ifndef TESTS_BENCH_LOOPS_H
#define TESTS_BENCH_LOOPS_H
/*
 * Who includes this has defined heap_malloc, heap_free and heap_realloc as
 * macros, so that each loop has direct calls, or, of a library opened at run
 * time, calls through one pointer in memory, which is what -fno-plt makes of
 * the direct ones.  A loop does not look for NULL: it writes there, and dies.
 * It ends with a struct loop for each workload, called LOOPS. */
#include <stdlib.h>

#include "tests/bench/play.h"

#ifndef LOOPS
#define LOOPS		      loops_libc
#define heap_malloc(size)     malloc(size)
#define heap_realloc(p, size) realloc(p, size)
#define heap_free(p)	      free(p)
#endif

#define CHAIN_MIN 16	/* bytes, W3 */
#define CHAIN_MAX 65536 /* bytes */

static inline void *take(size_t size)
{
	void *p = heap_malloc(size);

	*(volatile char *)p = 1;
	return p;
}

static inline const struct draw *next_draw(struct play *play)
{
	const struct draw *draw = &play->draws[play->at];

	if (++play->at == play->n_draws)
		play->at = 0;
	return draw;
}

/* ---- live blocks: W2, W3, W4, W6 ---------------------------------------- */

static void blocks_fill(struct play *play)
{
	for (uint32_t i = 0; i < play->n_blocks; i++)
		play->blocks[i] = take(next_draw(play)->size);
	play->at = 0;
}

static void blocks_empty(struct play *play)
{
	for (uint32_t i = 0; i < play->n_blocks; i++)
		heap_free(play->blocks[i]);
}

static void nothing(struct play *play)
{
	(void)play;
}

/* W2: a random live block is freed, another takes its place. */
static long replace_run(struct play *play, long pairs)
{
	for (long i = 0; i < pairs; i++) {
		const struct draw *draw = next_draw(play);
		void **place = &play->blocks[draw->place];

		heap_free(*place);
		*place = take(draw->size);
	}
	return pairs;
}

/* W6: free what was just allocated. */
static long pair_run(struct play *play, long pairs)
{
	(void)play;
	for (long i = 0; i < pairs; i++) {
		void *p = heap_malloc(64);

		*(volatile char *)p = 1;
		heap_free(p);
	}
	return pairs;
}

/* W3: two blocks grow in turn. A step is a realloc, or a malloc and free. */
static long chains_run(struct play *play, long pairs)
{
	long steps = 0;

	(void)play;
	while (steps < pairs) {
		char *chain[2] = { take(CHAIN_MIN), take(CHAIN_MIN) };

		for (size_t size = 2 * CHAIN_MIN; size <= CHAIN_MAX; size *= 2)
			for (int i = 0; i < 2; i++, steps++) {
				chain[i] = heap_realloc(chain[i], size);
				((volatile char *)chain[i])[size - 1] = 1;
			}
		heap_free(chain[0]);
		heap_free(chain[1]);
		steps += 2;
	}
	return steps;
}

/* W4: a block that is kept pushes the oldest out of the FIFO. */
static inline void keep(struct play *play, void *block)
{
	heap_free(play->blocks[play->oldest]);
	play->blocks[play->oldest] = block;
	if (++play->oldest == play->n_blocks)
		play->oldest = 0;
}

static long burst_run(struct play *play, long pairs)
{
	long done;

	for (done = 0; done < pairs; done += BURST) {
		const struct draw *draws = &play->draws[play->at];
		const uint8_t *order = play->orders[play->order++ % ORDERS];
		void *burst[BURST];

		for (int i = 0; i < BURST; i++)
			burst[i] = take(draws[i].size);
		for (int i = 0; i < BURST; i++) {
			if (draws[order[i]].place)
				keep(play, burst[order[i]]);
			else
				heap_free(burst[order[i]]);
		}
		play->at += BURST;
		if (play->at == play->n_draws)
			play->at = 0;
	}
	return done;
}

/* ---- W7 ----------------------------------------------------------------- */

static inline void play_ops(
    const struct lap_op *op, const struct lap_op *end, void **blocks)
{
	for (; op < end; op++) {
		if (op->kind == LAP_MALLOC)
			blocks[op->block] = take(op->size);
		else if (op->kind == LAP_FREE)
			heap_free(blocks[op->block]);
		else
			blocks[op->block] =
			    heap_realloc(blocks[op->block], op->size);
	}
}

static void lap_fill(struct play *play)
{
	const struct lap *lap = play->lap;

	for (uint32_t i = 0; i < lap->n_blocks; i++)
		play->blocks[i] = NULL;
	play_ops(lap->ops, lap->ops + lap->n_before, play->blocks);
}

static long lap_run(struct play *play, long pairs)
{
	const struct lap *lap = play->lap;
	long done;

	for (done = 0; done < pairs; done += lap->pairs)
		play_ops(lap->ops + lap->n_before, lap->ops + lap->n_ops,
		    play->blocks);
	return done;
}

/* The lap has freed all that it took: what is left was there before it. */
static void lap_empty(struct play *play)
{
	for (uint32_t i = 0; i < play->lap->n_kept; i++)
		heap_free(play->blocks[play->lap->kept[i]]);
}

/* ---- from process to process: W5, W8 ------------------------------------ */

static long pass_run(struct play *play, long pairs)
{
	if (play->rank == 0)
		for (long i = 0; i < pairs; i++)
			ring_put(play->rings, take(next_draw(play)->size));
	else
		for (long i = 0; i < pairs; i++)
			heap_free(ring_get(play->rings));
	return pairs;
}

/* Free what has arrived from one process. */
static void collect(struct ring *ring)
{
	struct ring_batch *batch;

	while ((batch = ring_full_batch(ring)) != NULL) {
		for (int i = 0; i < RING_BATCH; i++)
			if (batch->block[i] != NULL)
				heap_free(batch->block[i]);
		ring_release(ring, batch);
	}
}

static void collect_all(struct play *play)
{
	for (int from = 0; from < play->processes; from++)
		collect(&play->rings->from_to[from][play->rank]);
}

/* Publish a batch, emptying our own rings while there is no room. */
static void send_batch(struct play *play, int to, void **blocks)
{
	struct ring *ring = &play->rings->from_to[play->rank][to];
	struct ring_batch *batch;
	unsigned looks = 0;

	while ((batch = ring_free_batch(ring)) == NULL) {
		collect_all(play);
		ring_pause(&looks);
	}
	for (int i = 0; i < RING_BATCH; i++) {
		batch->block[i] = blocks[i];
		blocks[i] = NULL;
	}
	ring_publish(ring, batch);
	collect_all(play);
}

/* Until each process has sent its last batch, and we have freed ours. */
static void collect_rest(struct play *play)
{
	long *finished = play->rings->finished;
	long mine = finished[play->rank] + 1;
	unsigned looks = 0;

	__atomic_store_n(&finished[play->rank], mine, __ATOMIC_RELEASE);
	for (int i = 0; i < play->processes; i++)
		while (__atomic_load_n(&finished[i], __ATOMIC_ACQUIRE) < mine) {
			collect_all(play);
			ring_pause(&looks);
		}
	collect_all(play);
}

/* W8: blocks are collected in batches, one for us, one for the peer. */
static long exchange_run(struct play *play, long pairs)
{
	void *batch[2][RING_BATCH] = { { NULL } };
	int peer = play->processes - 1 - play->rank;
	int n[2] = { 0, 0 };

	for (long i = 0; i < pairs; i++) {
		const struct draw *draw = next_draw(play);
		uint32_t to = draw->place;

		batch[to][n[to]++] = take(draw->size);
		if (n[to] == RING_BATCH) {
			send_batch(play, to ? peer : play->rank, batch[to]);
			n[to] = 0;
		}
	}
	send_batch(play, play->rank, batch[0]);
	send_batch(play, peer, batch[1]);
	collect_rest(play);
	return pairs;
}

const struct loop LOOPS[WORKLOAD__COUNT] = {
	[WORKLOAD_W2] = { blocks_fill, replace_run, blocks_empty },
	[WORKLOAD_W3] = { blocks_fill, chains_run, blocks_empty },
	[WORKLOAD_W4] = { blocks_fill, burst_run, blocks_empty },
	[WORKLOAD_W5] = { nothing, pass_run, nothing },
	[WORKLOAD_W6] = { blocks_fill, pair_run, blocks_empty },
	[WORKLOAD_W7] = { lap_fill, lap_run, lap_empty },
	[WORKLOAD_W8] = { nothing, exchange_run, nothing },
};

#endif
