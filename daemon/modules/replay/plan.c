/* SPDX-License-Identifier: ISC */
/* plan.c - deals the operations of a trace onto ranks. */
#include "config.h"

#include <stdlib.h>

#include "base/err.h"
#include "daemon/modules/replay/plan.h"

#define BOTH_HEAPS ((1U << KM_PKG) | (1U << KM_SHM))

/* Deal those processes that use both heaps, or those that do not. */
static uint32_t deal_round(
    struct plan *plan, const uint8_t *heaps, int round, uint32_t n_dealt)
{
	const struct trace *trace = plan->trace;

	for (uint32_t i = 0; i < trace->n_pids; i++) {
		int its_round = heaps[i] == BOTH_HEAPS ? 0 : 1;

		if (i == trace->main || its_round != round)
			continue;
		plan->rank_of_process[i] =
		    (uint16_t)(1 + n_dealt % (plan->n_ranks - 1));
		n_dealt++;
	}
	return n_dealt;
}

/* Which heaps each process uses, as bits. */
static int deal(struct plan *plan)
{
	const struct trace *trace = plan->trace;
	uint8_t *heaps = calloc(trace->n_pids, 1);

	if (heaps == NULL)
		return -KM_ENOMEM;
	for (uint32_t i = 0; i < trace->n_ops; i++)
		if (trace->ops[i].kind != TRACE_FORK)
			heaps[trace->ops[i].process] |=
			    (uint8_t)(1U << trace->ops[i].heap);
	plan->rank_of_process[trace->main] = 0;
	deal_round(plan, heaps, 1, deal_round(plan, heaps, 0, 0));
	free(heaps);
	return 0;
}

static int is_fork_of_main(const struct trace *trace, uint32_t i)
{
	const struct trace_op *op = &trace->ops[i];

	return op->kind == TRACE_FORK && op->id == trace->main;
}

/* The index after main's last fork, or 0 when there is none. */
static uint32_t prelude_end(const struct trace *trace)
{
	uint32_t i = trace->n_ops;

	while (i > 0 && !is_fork_of_main(trace, i - 1))
		i--;
	return i;
}

/*
 * Put the operation in its place. The supervisor's operations on blocks of
 * the workers' wait for the end even when they were before the last fork.
 */
static void place_op(struct plan *plan, uint32_t i, uint32_t before_fork)
{
	const struct trace_op *op = &plan->trace->ops[i];
	struct plan_place *place = &plan->places[i];
	const struct plan_place *after =
	    place->after != PLAN_NONE ? &plan->places[place->after] : NULL;

	place->pos = PLAN_NONE;
	place->rank =
	    op->kind == TRACE_FORK ? 0 : plan->rank_of_process[op->process];
	if (i >= plan->end)
		return;
	if (place->rank == 0) {
		place->in_prelude =
		    i < before_fork && (after == NULL || after->in_prelude);
	} else if (after != NULL && !after->in_prelude &&
		   (after->rank == 0 || after->pos == PLAN_NONE)) {
		plan->n_unplayable++;
		return;
	}
	place->pos = place->in_prelude ? plan->prelude.n++
				       : plan->parts[place->rank].n++;
}

/* The shm operation that each one follows, and everyone's place. */
static int place_all(struct plan *plan)
{
	const struct trace *trace = plan->trace;
	uint32_t before_fork = prelude_end(trace);
	uint32_t n_ids = trace->max_id[KM_SHM] + 1;
	uint32_t *last = malloc(n_ids * sizeof(*last));

	if (last == NULL)
		return -KM_ENOMEM;
	for (uint32_t i = 0; i < n_ids; i++)
		last[i] = PLAN_NONE;
	for (uint32_t i = 0; i < trace->n_ops; i++) {
		const struct trace_op *op = &trace->ops[i];

		plan->places[i].after = PLAN_NONE;
		if (op->heap == KM_SHM && op->kind != TRACE_FORK) {
			plan->places[i].after = last[op->id];
			last[op->id] = i;
		}
		place_op(plan, i, before_fork);
	}
	free(last);
	return 0;
}

static int part_alloc(struct plan_part *part)
{
	part->ops = calloc(part->n + 1, sizeof(*part->ops));
	return part->ops != NULL ? 0 : -KM_ENOMEM;
}

/* The parts are counted now: list their operations. */
static int fill_parts(struct plan *plan)
{
	int rc = part_alloc(&plan->prelude);

	for (uint32_t r = 0; r < plan->n_ranks && rc == 0; r++)
		rc = part_alloc(&plan->parts[r]);
	for (uint32_t i = 0; i < plan->trace->n_ops && rc == 0; i++) {
		const struct plan_place *place = &plan->places[i];
		struct plan_part *part = place->in_prelude
					     ? &plan->prelude
					     : &plan->parts[place->rank];

		if (place->pos != PLAN_NONE)
			part->ops[place->pos] = i;
	}
	return rc;
}

static int plan_alloc(struct plan *plan)
{
	const struct trace *trace = plan->trace;

	plan->parts = calloc(plan->n_ranks, sizeof(*plan->parts));
	plan->places = calloc(trace->n_ops, sizeof(*plan->places));
	plan->rank_of_process =
	    calloc(trace->n_pids, sizeof(*plan->rank_of_process));
	if (plan->parts == NULL || plan->places == NULL ||
	    plan->rank_of_process == NULL)
		return -KM_ENOMEM;
	return 0;
}

int plan_new(const struct trace *trace, uint32_t workers, uint32_t end,
    struct plan **plan)
{
	struct plan *new;
	int rc;

	if (workers == 0 || workers >= PLAN_RANKS_MAX)
		return -KM_EINVAL;
	new = calloc(1, sizeof(*new));
	if (new == NULL)
		return -KM_ENOMEM;
	new->trace = trace;
	new->n_ranks = workers + 1;
	new->end = end;
	rc = plan_alloc(new);
	if (rc == 0)
		rc = deal(new);
	if (rc == 0)
		rc = place_all(new);
	if (rc == 0)
		rc = fill_parts(new);
	if (rc != 0)
		plan_free(&new);
	else
		*plan = new;
	return rc;
}

void plan_free(struct plan **plan)
{
	struct plan *gone = *plan;

	if (gone == NULL)
		return;
	for (uint32_t r = 0; gone->parts != NULL && r < gone->n_ranks; r++)
		free(gone->parts[r].ops);
	free(gone->parts);
	free(gone->prelude.ops);
	free(gone->places);
	free(gone->rank_of_process);
	free(gone);
	*plan = NULL;
}
