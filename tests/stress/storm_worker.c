/* SPDX-License-Identifier: ISC */
/* storm_worker.c - a module of kmemd: its workers take part in the storm. */
#include "config.h"

#include <event2/event.h>
#include <unistd.h>

#include "daemon/module.h"
#include "tests/stress/storm.h"

#define SLICE 200u /* operations before others get their turn */

static struct event *tick;
static struct hand hand;

/* The seat is free when what the one before has left is settled. */
static bool sit_down(void)
{
	struct seat *seat = &hand.board->seat[hand.seat];
	int32_t nobody = 0;

	return seat->pid == (int32_t)getpid() ||
	       __atomic_compare_exchange_n(&seat->pid, &nobody,
		   (int32_t)getpid(), false, __ATOMIC_ACQ_REL,
		   __ATOMIC_RELAXED);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	if (sit_down())
		storm_work(&hand, SLICE);
}

static int child_init(int rank, struct event_base *base)
{
	const struct timeval soon = { 0, 100 };
	uint32_t seat = N_OUTSIDE + (uint32_t)rank - 1;
	struct board *board = storm_board_map();

	if (rank == KMEMD_RANK_SUPERVISOR || board == NULL || seat >= N_SEATS)
		return 0;
	storm_hand_init(
	    &hand, board, seat, 0, (uint64_t)getpid() * 0x9e3779b97f4a7c15ull);
	tick = event_new(base, -1, EV_PERSIST, on_tick, NULL);
	return tick != NULL ? event_add(tick, &soon) : -1;
}

static void destroy(void)
{
	if (tick != NULL)
		event_free(tick);
}

KMEMD_EXPORTS = {
	.abi = KMEMD_MODULE_ABI,
	.name = MOD_NAME,
	.version = "1.0",
	.child_init = child_init,
	.destroy = destroy,
};
