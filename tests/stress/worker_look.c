/* SPDX-License-Identifier: ISC */
/* worker_look.c - what must be true when a worker has died on its way. */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kmem.h"
#include "mem/pool.h"
#include "mem/slot.h"
#include "tests/stress/points_chunk.h"
#include "tests/stress/points_kmemd.h"
#include "tests/stress/worker_points.h"

/* All of it is the same again, soon, when a worker has been replaced. */
enum stock {
	STOCK_USED,
	STOCK_SLOTS,	 /* live ones */
	STOCK_REAL_USED, /* from here on of one kmemd: not when another takes
			    over, whose workers begin before all is settled */
	STOCK_DESCRIPTORS,
	STOCK_MAPS,
	STOCK_POOLS, /* of them, pkg pools */
	STOCK__COUNT
};
static const char *const stock_names[] = {
	"bytes used",
	"live slots",
	"bytes really used",
	"descriptors of the supervisor",
	"files mapped by the supervisor",
	"pkg pools mapped by the supervisor",
};
_Static_assert(sizeof(stock_names) / sizeof(stock_names[0]) == STOCK__COUNT,
    "a name for each");

static struct {
	pid_t kmemd;
	struct talk talk;
	struct points *points;
	int n_stock;		      /* so many of these are to be the same */
	long stock[STOCK__COUNT];     /* before */
	int32_t pids[POINTS_RANKS];   /* by core.psx, before */
	uint32_t turns[POINTS_RANKS]; /* when the last one died */
} look = { .talk = { .fd = -1 }, .n_stock = STOCK__COUNT };

int look_unnamed(void)
{
	for (uint32_t i = 0; i <= points_top(); i++)
		if (slot_is_claimed(points_state(i)))
			return (int)i;
	return -1;
}

/* ---- accounts, descriptors, maps ---------------------------------------- */

static void take_stock(long *stock)
{
	struct km_mem_info info;

	memset(stock, 0, STOCK__COUNT * sizeof(*stock));
	shm_info(&info);
	stock[STOCK_USED] = (long)info.used;
	stock[STOCK_REAL_USED] = (long)info.real_used;
	stock[STOCK_SLOTS] = (long)points_live_slots();
	stock[STOCK_DESCRIPTORS] = talk_descriptors(look.kmemd);
	points_count_maps(look.kmemd, &stock[STOCK_MAPS], &stock[STOCK_POOLS]);
}

static bool stock_is_well(char *why, size_t size)
{
	long now[STOCK__COUNT];

	take_stock(now);
	for (int i = 0; i < look.n_stock; i++)
		if (now[i] != look.stock[i]) {
			snprintf(why, size, "%s: %ld, %ld before",
			    stock_names[i], now[i], look.stock[i]);
			return false;
		}
	return true;
}

/* ---- what kmemd answers ------------------------------------------------- */

static bool read_pids(int32_t *pids)
{
	struct json_object *reply;
	struct json_object *rows =
	    points_ask(&look.talk, "core.psx", NULL, &reply);
	size_t n = rows != NULL ? json_object_array_length(rows) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		int rank = points_number(row, "IDX");

		if (rank < POINTS_RANKS)
			pids[rank] = points_number(row, "PID");
	}
	json_object_put(reply);
	return n >= POINTS_RANKS;
}

/* The same workers, but for one, which is another one now, and serves. */
static bool ranks_are_well(pid_t dead, char *why, size_t size)
{
	int32_t pids[POINTS_RANKS];

	if (!read_pids(pids)) {
		snprintf(why, size, "kmemd does not answer core.psx");
		return false;
	}
	for (int i = 0; i < POINTS_RANKS; i++)
		if (i == POINTS_VICTIM
			? pids[i] == dead || look.points->served[i] != pids[i]
			: pids[i] != look.pids[i]) {
			snprintf(
			    why, size, "rank %d has pid %d", i, (int)pids[i]);
			return false;
		}
	return true;
}

/* ---- all of it ---------------------------------------------------------- */

static bool others_go_on(char *why, size_t size)
{
	for (int i = 1; i < POINTS_RANKS; i++)
		if (i != POINTS_VICTIM &&
		    look.points->turns[i] == look.turns[i]) {
			snprintf(why, size, "worker %d does not go on", i);
			return false;
		}
	if (look.points->broken > 0)
		snprintf(why, size, "what a lock is for was half changed");
	return look.points->broken == 0;
}

static bool is_well(pid_t dead, char *why, size_t size)
{
	return ranks_are_well(dead, why, size) &&
	       points_slots_are_well(dead, why, size) &&
	       stock_is_well(why, size) && others_go_on(why, size);
}

bool look_after(pid_t dead, char *why, size_t size)
{
	time_t end = time(NULL) + POINTS_PATIENCE_S;

	memcpy(look.turns, look.points->turns, sizeof(look.turns));
	while (!is_well(dead, why, size)) {
		if (time(NULL) > end)
			return false;
		poll(NULL, 0, 1);
	}
	return points_pools_are_whole(&look.talk, POINTS_RANKS + 1, why, size);
}

void look_before(void)
{
	read_pids(look.pids);
	take_stock(look.stock);
}

/* Of the workers that core.psx has now, each has been in its loop. */
static bool are_new_at_work(void)
{
	bool all = read_pids(look.pids);

	for (int i = 1; i < POINTS_RANKS; i++)
		all = all && look.points->served[i] == look.pids[i];
	return all;
}

/* Each worker has been in its loop. */
static bool all_serve(void)
{
	bool all = true;

	for (int i = 1; i < POINTS_RANKS; i++)
		all = all && look.points->served[i] > 0;
	return all;
}

static bool wait_for_kmemd(pid_t kmemd, const char *socket, time_t end)
{
	look.kmemd = kmemd;
	return points_wait_for(kmemd, socket, end, &look.talk);
}

bool look_again(pid_t kmemd, const char *socket)
{
	time_t end = time(NULL) + POINTS_PATIENCE_S;

	look.n_stock = STOCK_REAL_USED;
	talk_close(&look.talk);
	if (!wait_for_kmemd(kmemd, socket, end))
		return false;
	while (!are_new_at_work() && time(NULL) <= end)
		poll(NULL, 0, 1);
	return are_new_at_work();
}

struct points *look_open(pid_t kmemd, const char *socket)
{
	struct km_attach_options opt = { .size = sizeof(opt),
		.flags = KM_ATTACH_NO_PKG };
	time_t end = time(NULL) + POINTS_PATIENCE_S;

	if (!wait_for_kmemd(kmemd, socket, end))
		return NULL;
	if (km_attach(&opt) != 0) {
		fprintf(stderr, "worker_points: %s\n", km_attach_why());
		return NULL;
	}
	look.points = km_root_get(POINTS_ROOT);
	while (look.points != NULL && !all_serve() && time(NULL) <= end)
		poll(NULL, 0, 1);
	return look.points != NULL && all_serve() ? look.points : NULL;
}

void look_close(void)
{
	talk_close(&look.talk);
	km_detach();
}
