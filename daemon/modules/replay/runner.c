/* SPDX-License-Identifier: ISC */
/* runner.c - order, pace and loops of the part of one rank. */
#include "config.h"

#include <string.h>

#include "daemon/modules/replay/runner.h"

#define NS_PER_S 1000000000ULL

static const struct plan_part *part_of(const struct runner *run, uint32_t rank)
{
	return &run->plan->parts[rank];
}

/* RUNNER_MORE: what is needed has come meanwhile. */
static enum runner_state wait_for(
    struct runner *run, uint32_t rank, uint64_t need)
{
	return board_wait(run->board, run->rank, rank, need) ? RUNNER_WAITS
							     : RUNNER_MORE;
}

/*
 * All workers that play must have got to times * their part's length in this
 * loop: with 1 they have played it, with 2 they have cleared it as well.
 */
static enum runner_state barrier(
    struct runner *run, uint32_t loop, uint32_t times)
{
	for (uint32_t r = 1; r < run->plan->n_ranks; r++) {
		uint32_t n = part_of(run, r)->n;
		uint64_t need = board_at(loop, times * n);

		if (n == 0 || r == run->rank)
			continue;
		if (board_progress(run->board, r) < need)
			return wait_for(run, r, need);
	}
	return RUNNER_READY;
}

/* The position in a part of its first operation after `op`. */
static uint32_t pos_after(const struct plan_part *part, uint32_t op)
{
	uint32_t low = 0, high = part->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (part->ops[mid] > op)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* What a rank plays next in this loop; UINT64_MAX: nothing more. */
static uint64_t next_op(const struct runner *run, uint32_t rank, uint32_t loop)
{
	const struct plan_part *part = part_of(run, rank);
	uint64_t at = board_progress(run->board, rank);
	uint32_t pos = 0; /* it may be about to enter the loop */

	if (at > board_at(loop, 0))
		pos = at < board_at(loop, part->n) ? (uint32_t)at : part->n;
	return pos < part->n ? part->ops[pos] : UINT64_MAX;
}

/* In recorded order: may this operation be played, is it the earliest? */
static enum runner_state check_order(
    struct runner *run, uint32_t loop, uint32_t op)
{
	uint32_t first = 0;

	if (loop == run->in_loop && op < run->bound)
		return RUNNER_READY;
	run->in_loop = loop;
	run->bound = UINT64_MAX;
	for (uint32_t r = 1; r < run->plan->n_ranks; r++) {
		uint64_t next;

		if (r == run->rank)
			continue;
		next = next_op(run, r, loop);
		if (next < run->bound) {
			run->bound = next;
			first = r;
		}
	}
	if (op < run->bound)
		return RUNNER_READY;
	return wait_for(
	    run, first, board_at(loop, pos_after(part_of(run, first), op)));
}

/* The block's operation before this one, when it is another rank's. */
static enum runner_state check_block(
    struct runner *run, uint32_t loop, uint32_t op)
{
	uint32_t after = run->plan->places[op].after;
	const struct plan_place *place;
	uint64_t need;

	if (after == PLAN_NONE)
		return RUNNER_READY;
	place = &run->plan->places[after];
	if (place->rank == 0 || place->rank == run->rank ||
	    place->pos == PLAN_NONE)
		return RUNNER_READY;
	need = board_at(loop, place->pos + 1);
	if (board_progress(run->board, place->rank) >= need)
		return RUNNER_READY;
	return wait_for(run, place->rank, need);
}

/* When the operation is due, from the start of the replay. */
static uint64_t due_ns(const struct runner *run, uint32_t loop, uint32_t op)
{
	uint64_t rate = run->speed.per_second;
	uint64_t n = (uint64_t)loop * run->plan->end + op - run->first_op;

	return run->delay_ns + n / rate * NS_PER_S + n % rate * NS_PER_S / rate;
}

static enum runner_state check_pace(struct runner *run, uint32_t loop,
    uint32_t op, uint64_t now_ns, uint64_t *wait_ns)
{
	uint64_t started = atomic_load(&run->board->started_ns);
	uint64_t due = started + due_ns(run, loop, op);

	if (due <= now_ns)
		return RUNNER_READY;
	*wait_ns = due - now_ns;
	return RUNNER_PACED;
}

/* All that may speak against playing it now. */
static enum runner_state check_op(struct runner *run, uint32_t loop,
    uint32_t op, uint64_t now_ns, uint64_t *wait_ns)
{
	enum runner_state state = check_block(run, loop, op);

	if (state != RUNNER_READY || run->rank == 0)
		return state;
	if (run->speed.in_order)
		state = check_order(run, loop, op);
	if (state == RUNNER_READY && run->speed.per_second != 0)
		state = check_pace(run, loop, op, now_ns, wait_ns);
	return state;
}

/* Between two loops: clear what this one has left, then go on. */
static enum runner_state end_loop(
    struct runner *run, uint32_t loop, uint32_t pos)
{
	const struct plan_part *part = part_of(run, run->rank);
	enum runner_state state = RUNNER_READY;

	if (pos == 2 * part->n) {
		state = barrier(run, loop, 2);
		if (state == RUNNER_READY)
			board_advance(
			    run->board, run->rank, board_at(loop + 1, 0));
	} else {
		if (pos == part->n)
			state = barrier(run, loop, 1);
		if (state == RUNNER_READY) {
			player_clear(run->player, part->ops[pos - part->n]);
			board_advance(
			    run->board, run->rank, board_at(loop, pos + 1));
		}
	}
	return state == RUNNER_READY ? RUNNER_MORE : state;
}

/* The supervisor's part is played once, behind all loops of the others. */
static int is_last_loop(const struct runner *run, uint32_t loop)
{
	return run->rank == 0 || loop + 1 >= run->loops;
}

static enum runner_state step(
    struct runner *run, uint64_t now_ns, uint64_t *wait_ns)
{
	const struct plan_part *part = part_of(run, run->rank);
	uint64_t at = board_progress(run->board, run->rank);
	uint32_t loop = (uint32_t)(at >> 32);
	uint32_t pos = (uint32_t)at;
	enum runner_state state;

	if (pos >= part->n) {
		if (part->n == 0 || is_last_loop(run, loop))
			return RUNNER_FINISHED;
		return end_loop(run, loop, pos);
	}
	state = check_op(run, loop, part->ops[pos], now_ns, wait_ns);
	if (state != RUNNER_READY)
		return state;
	player_play(run->player, part->ops[pos]);
	board_advance(run->board, run->rank, board_at(loop, pos + 1));
	return RUNNER_MORE;
}

static uint32_t first_op(const struct plan *plan)
{
	uint32_t first = plan->end;

	for (uint32_t r = 1; r < plan->n_ranks; r++)
		if (plan->parts[r].n > 0 && plan->parts[r].ops[0] < first)
			first = plan->parts[r].ops[0];
	return first;
}

void runner_init(struct runner *runner, const struct plan *plan,
    struct board *board, struct player *player)
{
	memset(runner, 0, sizeof(*runner));
	runner->plan = plan;
	runner->board = board;
	runner->player = player;
	runner->rank = player_rank(player);
	runner->loops = 1;
	runner->first_op = first_op(plan);
}

void runner_set_speed(
    struct runner *runner, const struct runner_speed *speed, uint32_t loops)
{
	runner->speed = *speed;
	runner->loops = loops;
}

void runner_delay(struct runner *runner, uint64_t ns)
{
	runner->delay_ns += ns;
}

void runner_prelude(struct runner *runner)
{
	const struct plan_part *part = &runner->plan->prelude;

	for (uint32_t i = 0; i < part->n; i++)
		player_play(runner->player, part->ops[i]);
}

/* The supervisor's part comes when the workers have played all loops. */
static enum runner_state workers_finished(struct runner *run)
{
	return run->rank == 0 ? barrier(run, run->loops - 1, 1) : RUNNER_READY;
}

static void note_time(_Atomic(uint64_t) *when, uint64_t now_ns)
{
	uint64_t unset = 0;

	atomic_compare_exchange_strong(when, &unset, now_ns);
}

enum runner_state runner_slice(
    struct runner *runner, uint32_t max_ops, uint64_t now_ns, uint64_t *wait_ns)
{
	enum runner_state state;

	note_time(&runner->board->started_ns, now_ns);
	board_wait_over(runner->board, runner->rank);
	state = workers_finished(runner);
	if (state != RUNNER_READY)
		return state;
	do
		state = step(runner, now_ns, wait_ns);
	while (state == RUNNER_MORE && --max_ops > 0);
	return state;
}

uint64_t runner_played(
    const struct plan *plan, const struct board *board, uint32_t rank)
{
	uint64_t at = board_progress(board, rank);
	uint64_t n = plan->parts[rank].n;
	uint64_t pos = (uint32_t)at;

	return (rank == 0 ? plan->prelude.n : 0) + (at >> 32) * n +
	       (pos < n ? pos : n);
}
