/* SPDX-License-Identifier: ISC */
/* lap.c - a recorded trace as operations of one process. */
#include "config.h"

#include <stdlib.h>

#include "base/err.h"
#include "daemon/modules/replay/trace.h"
#include "tests/bench/lap.h"

/* A block of the trace, by its id. */
struct block {
	uint32_t is_live;
	uint32_t is_before; /* taken before the lap */
	uint32_t number;    /* its place in the lap's table */
};

struct builder {
	const struct trace *trace;
	enum km_pool_kind heap;
	uint32_t worker; /* process */
	struct lap *lap;
	struct block *blocks; /* by id */
	uint32_t *unused;     /* stack of numbers */
	uint32_t n_unused;
};

/* The forked process that has most operations on its pkg heap. */
static uint32_t busiest_worker(const struct trace *trace)
{
	uint32_t *n = calloc(trace->n_pids, sizeof(*n));
	uint32_t best = trace->main == 0 ? 1 : 0;

	if (n == NULL)
		return best;
	for (uint32_t i = 0; i < trace->n_ops; i++)
		if (trace->ops[i].heap == KM_PKG)
			n[trace->ops[i].process]++;
	for (uint32_t p = 0; p < trace->n_pids; p++)
		if (p != trace->main && n[p] > n[best])
			best = p;
	free(n);
	return best;
}

static void emit(
    struct builder *b, enum lap_kind kind, uint32_t block, size_t size)
{
	b->lap->ops[b->lap->n_ops++] =
	    (struct lap_op){ kind, block, (uint32_t)size };
}

static uint32_t number_take(struct builder *b)
{
	return b->n_unused > 0 ? b->unused[--b->n_unused] : b->lap->n_blocks++;
}

static void add_malloc(struct builder *b, const struct trace_op *op, int in_lap)
{
	b->blocks[op->id] =
	    (struct block){ 1, (uint32_t)!in_lap, number_take(b) };
	emit(b, LAP_MALLOC, b->blocks[op->id].number, op->size);
	b->lap->pairs += (uint32_t)in_lap;
}

static void add_free(struct builder *b, struct block *block)
{
	emit(b, LAP_FREE, block->number, 0);
	b->unused[b->n_unused++] = block->number;
	block->is_live = 0;
}

static void add(struct builder *b, const struct trace_op *op, int in_lap)
{
	struct block *block = &b->blocks[op->id];
	int ours = block->is_live && !(in_lap && block->is_before);

	if (op->kind == TRACE_MALLOC || (op->kind == TRACE_REALLOC && !ours))
		add_malloc(b, op, in_lap);
	else if (op->kind == TRACE_REALLOC)
		emit(b, LAP_REALLOC, block->number, op->size);
	else if (ours)
		add_free(b, block);
}

/* Whose operations these are: all of shm, of pkg the worker's history. */
static int is_played(
    const struct builder *b, const struct trace_op *op, int in_lap)
{
	if (op->kind == TRACE_FORK || op->heap != b->heap)
		return 0;
	return b->heap == KM_SHM ||
	       op->process == (in_lap ? b->worker : b->trace->main);
}

static void build(struct builder *b)
{
	uint32_t max_id = b->trace->max_id[b->heap];
	int in_lap = 0;

	for (uint32_t i = 0; i < b->trace->n_ops; i++) {
		const struct trace_op *op = &b->trace->ops[i];

		if (op->kind == TRACE_FORK && op->process == b->worker) {
			b->lap->n_before = b->lap->n_ops;
			in_lap = 1;
		} else if (is_played(b, op, in_lap)) {
			add(b, op, in_lap);
		}
	}
	for (uint32_t id = 0; id <= max_id; id++) {
		struct block *block = &b->blocks[id];

		if (!block->is_live)
			continue;
		if (block->is_before)
			b->lap->kept[b->lap->n_kept++] = block->number;
		else
			add_free(b, block);
	}
}

static struct lap *lap_new(uint32_t n_ops, uint32_t n_blocks)
{
	struct lap *lap = calloc(1, sizeof(*lap));

	if (lap == NULL)
		return NULL;
	/* Each block that is never freed is, in the end. */
	lap->ops = calloc(n_ops + n_blocks, sizeof(*lap->ops));
	lap->kept = calloc(n_blocks, sizeof(*lap->kept));
	if (lap->ops == NULL || lap->kept == NULL)
		lap_free(&lap);
	return lap;
}

int lap_read(const char *path, enum km_pool_kind heap, struct lap **out)
{
	struct trace *trace;
	struct builder b;
	uint32_t n;
	int rc = trace_read(path, &trace);

	if (rc != 0)
		return rc;
	n = trace->max_id[heap] + 1;
	b = (struct builder){
		.trace = trace,
		.heap = heap,
		.worker = busiest_worker(trace),
		.lap = lap_new(trace->n_ops, n),
		.blocks = calloc(n, sizeof(*b.blocks)),
		.unused = calloc(n, sizeof(*b.unused)),
	};
	rc = -KM_ENOMEM;
	if (b.lap == NULL || b.blocks == NULL || b.unused == NULL)
		goto out;
	build(&b);
	rc = 0;
out:
	if (rc != 0)
		lap_free(&b.lap);
	free(b.blocks);
	free(b.unused);
	trace_free(&trace);
	*out = b.lap;
	return rc;
}

void lap_free(struct lap **lap)
{
	if (*lap == NULL)
		return;
	free((*lap)->ops);
	free((*lap)->kept);
	free(*lap);
	*lap = NULL;
}
