/* SPDX-License-Identifier: ISC */
/* points_worker.c - a module of kmemd: workers that share memory from their
 * first moment on. */
#include "config.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/module.h"
#include "mem/mem.h"
#include "mem/root.h"
#include "mem/shm_mem.h"
#include "tests/stress/worker_points.h"

#define SMALL 100   /* bytes: a block of a span */
#define LARGE 50000 /* a run of pages */
_Static_assert(SMALL + LARGE == POINTS_STRAY, "what who is forked has");

#define ALONE_S 600 /* who is forked, when nobody kills it */

static int own_rank;
static struct points *points;
static struct event *tick;

/* Owned: what the dead had is free, and used is what it was. */
static void take_turn(void)
{
	void *small = shm_malloc_owned(SMALL), *large = shm_malloc_owned(LARGE);

	points_change(points);
	shm_free(large);
	shm_free(small);
	__atomic_add_fetch(&points->turns[own_rank], 1, __ATOMIC_SEQ_CST);
}

/* Until it is killed. */
static void be_forked(void)
{
	alarm(ALONE_S);
	if (shm_malloc(SMALL) == NULL || shm_malloc(LARGE) == NULL)
		_exit(EXIT_FAILURE);
	__atomic_store_n(&points->forked, (int32_t)getpid(), __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

static void fork_if_wanted(void)
{
	if (own_rank == POINTS_VICTIM &&
	    __atomic_exchange_n(&points->fork_wanted, 0, __ATOMIC_SEQ_CST) !=
		0 &&
	    fork() == 0)
		be_forked();
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	if (__atomic_load_n(&points->is_calm, __ATOMIC_SEQ_CST) == 0)
		take_turn();
	fork_if_wanted();
	__atomic_store_n(
	    &points->served[own_rank], (int32_t)getpid(), __ATOMIC_SEQ_CST);
}

static int init_points(void *p)
{
	return lock_init(&((struct points *)p)->lock) != NULL ? 0 : -1;
}

static int mod_init(void)
{
	points =
	    km_root_get_or_create(POINTS_ROOT, sizeof(*points), init_points);
	return points != NULL ? 0 : -1;
}

static int child_init(int rank, struct event_base *base)
{
	const struct timeval soon = { 0, 1000 };

	if (rank == KMEMD_RANK_SUPERVISOR || rank >= POINTS_RANKS)
		return 0;
	own_rank = rank;
	if (pkg_malloc(SMALL) == NULL || shm_malloc_owned(SMALL) == NULL)
		return -1;
	take_turn();
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
	.mod_init = mod_init,
	.child_init = child_init,
	.destroy = destroy,
};
