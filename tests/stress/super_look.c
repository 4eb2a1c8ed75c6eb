/* SPDX-License-Identifier: ISC */
/* super_look.c - what must be true when a supervisor has been replaced. */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mem/manager.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"
#include "mem/slab_part.h"
#include "tests/stress/points_chunk.h"
#include "tests/stress/points_kmemd.h"
#include "tests/stress/super_points.h"

#define ALIVE_MAX (POINTS_RANKS + 3) /* with us, the witness and a member */

/* What a supervisor holds, without a program that comes and goes. */
enum stock {
	HOLDS_REAL_USED, /* bytes of the pool, but for those of tags */
	HOLDS_UNITS,	 /* of tags, that spans have */
	HOLDS_DESCRIPTORS,
	HOLDS_MAPS,
	HOLDS_POOLS,
	HOLDS__COUNT
};
static const char *const holding_names[] = {
	"bytes really used, without those of tags",
	"units of tags in use",
	"descriptors of the supervisor",
	"files mapped by the supervisor",
	"pkg pools mapped by the supervisor",
};
_Static_assert(sizeof(holding_names) / sizeof(holding_names[0]) == HOLDS__COUNT,
    "a name for each");

static struct {
	size_t used;
	char *roots;
	long heir[HOLDS__COUNT];
	uint32_t turns[POINTS_RANKS];
} before;

size_t look_used(void)
{
	struct km_mem_info info = { 0 };

	shm_info(&info);
	return info.used;
}

size_t look_used_before(void)
{
	return before.used;
}

/* ---- who lives ---------------------------------------------------------- */

/* All of them, and so many. */
static unsigned alive(bool member, pid_t *pids)
{
	unsigned n = 0;

	pids[n++] = super.kmemd;
	pids[n++] = getpid();
	pids[n++] = super.witness;
	for (int i = 1; i < POINTS_RANKS; i++)
		pids[n++] = (pid_t)super.points->served[i];
	if (member)
		pids[n++] = member_pid;
	return n;
}

static bool is_among(pid_t pid, const pid_t *pids, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static bool list_is_well(bool member, char *why, size_t size)
{
	pid_t pids[ALIVE_MAX];
	unsigned n = alive(member, pids);
	struct json_object *reply;
	struct json_object *rows =
	    points_ask(&super.talk, "core.psx", NULL, &reply);
	size_t listed = rows != NULL ? json_object_array_length(rows) : 0;
	bool well = listed == n;

	snprintf(
	    why, size, "core.psx lists %zu processes: %u are alive", listed, n);
	for (size_t i = 0; i < listed; i++) {
		pid_t pid =
		    points_number(json_object_array_get_idx(rows, i), "PID");

		if (is_among(pid, pids, n))
			continue;
		well = false;
		snprintf(why, size, "core.psx lists pid %d", (int)pid);
	}
	json_object_put(reply);
	return well;
}

/* Each has a slot, or several: it may have threads. */
static bool slots_are_of_the_living(bool member, char *why, size_t size)
{
	pid_t pids[ALIVE_MAX];
	unsigned n = alive(member, pids);

	for (unsigned i = 0; i < n; i++)
		if (!points_is_live(pids[i])) {
			snprintf(why, size, "pid %d has no slot", (int)pids[i]);
			return false;
		}
	for (uint32_t i = 0; i <= points_top(); i++)
		if (points_state(i) == SLOT_LIVE &&
		    !is_among(points_slot(i)->pid, pids, n)) {
			snprintf(why, size, "slot %u is of pid %d", i,
			    (int)points_slot(i)->pid);
			return false;
		}
	return true;
}

/* ---- all go on ---------------------------------------------------------- */

/* Of the workers that there are now, too. */
static bool all_have_turned(void)
{
	for (int i = 0; i < POINTS_RANKS; i++)
		if (super.points->turns[i] == before.turns[i] ||
		    !points_is_live((pid_t)super.points->served[i]))
			return false;
	return true;
}

static bool all_go_on(char *why, size_t size)
{
	time_t end = time(NULL) + POINTS_PATIENCE_S;
	void *p;

	memcpy(before.turns, super.points->turns, sizeof(before.turns));
	super_calm(0);
	while (!all_have_turned() && time(NULL) <= end)
		poll(NULL, 0, 1);
	snprintf(why, size, "somebody does not go on");
	if (!all_have_turned())
		return false;
	super_calm(1);
	snprintf(why, size, "what is shared was changed by somebody else");
	if (super.points->broken > 0)
		return false;
	p = shm_malloc(5000);
	snprintf(why, size, "nothing can be had of the pool");
	shm_free(p);
	return p != NULL;
}

/* ---- what there is ------------------------------------------------------ */

static char *read_roots(void)
{
	struct json_object *reply;
	struct json_object *roots =
	    points_ask(&super.talk, "shm.roots", NULL, &reply);
	char *text = strdup(
	    roots != NULL ? json_object_to_json_string(roots) : "no answer");

	json_object_put(reply);
	if (text == NULL)
		super_fail("out of memory");
	return text;
}

static bool roots_are_well(char *why, size_t size)
{
	char *now = read_roots();
	bool well = strcmp(now, before.roots) == 0;

	snprintf(
	    why, size, "the roots are %s: they were %s", now, before.roots);
	free(now);
	return well;
}

static bool used_is_well(size_t more, char *why, size_t size)
{
	struct km_mem_info info = { 0 };

	shm_info(&info);
	snprintf(why, size, "%zu bytes used, not %zu", (size_t)info.used,
	    before.used + more);
	if (info.used != before.used + more)
		return false;
	snprintf(why, size, "total %zu, free %zu, really used %zu",
	    (size_t)info.total, (size_t)info.free, (size_t)info.real_used);
	return info.free + info.real_used == info.total &&
	       info.used <= info.real_used && info.real_used <= info.max_used;
}

static bool is_at_rest(size_t more, bool member, char *why, size_t size)
{
	return list_is_well(member, why, size) &&
	       points_slots_are_well(0, why, size) &&
	       slots_are_of_the_living(member, why, size) &&
	       used_is_well(more, why, size);
}

bool look_is_well(size_t more, bool member, char *why, size_t size)
{
	time_t end = time(NULL) + POINTS_PATIENCE_S;

	if (!all_go_on(why, size))
		return false;
	while (!is_at_rest(more, member, why, size)) {
		if (time(NULL) > end)
			return false;
		poll(NULL, 0, 1);
	}
	return roots_are_well(why, size) &&
	       points_pools_are_whole(&super.talk, POINTS_RANKS + 1, why, size);
}

void look_before(void)
{
	before.used = look_used();
	before.roots = read_roots();
}

/* ---- what a supervisor holds -------------------------------------------- */

/*
 * Which units a span gets depends on who was there when it was made, and a page
 * of tags stays as long as it has one that is in use: so the pages may be more
 * or fewer without a kill, and the units are counted instead.
 */
static void count_tags(struct km_pool *pool, long *stock)
{
	const struct slab_part *part =
	    pool->manager == MANAGER_SLAB ? slab_part_of(pool) : NULL;

	for (uint64_t i = 0; part != NULL && i < slab_n_pages(part->slab);
	     i++) {
		uint64_t word = slab_load(&part->pages[i]);

		if (slab_kind(word) == SLAB_TAGS)
			stock[HOLDS_UNITS] +=
			    __builtin_popcountll(part->pages[i].units);
		if (slab_kind(word) == SLAB_TAGS ||
		    slab_kind(word) == SLAB_GUARD)
			stock[HOLDS_REAL_USED] -= SLAB_PAGE;
	}
}

/* What participants keep for their next calls goes back before. */
static void take_stock(long *stock)
{
	struct km_mem_info info = { 0 };
	struct json_object *reply;

	points_ask(&super.talk, "shm.trim", NULL, &reply);
	json_object_put(reply);
	shm_info(&info);
	memset(stock, 0, HOLDS__COUNT * sizeof(*stock));
	stock[HOLDS_REAL_USED] = (long)info.real_used;
	count_tags(pool_in_use(KM_SHM), stock);
	stock[HOLDS_DESCRIPTORS] = talk_descriptors(super.kmemd);
	points_count_maps(super.kmemd, &stock[HOLDS_MAPS], &stock[HOLDS_POOLS]);
}

void look_at_heir(void)
{
	take_stock(before.heir);
}

/*
 * qm leaves a rest with its block that is too small for a fragment, and each
 * free fragment has a header: how many bytes that is depends on which fragments
 * were free when a block was had, without a kill as well.
 */
static bool is_same(int i, long now)
{
	long more = now - before.heir[i];
	bool rests =
	    i == HOLDS_REAL_USED && pool_in_use(KM_SHM)->manager == MANAGER_QM;

	return more == 0 || (rests && labs(more) < (long)SLAB_PAGE);
}

bool look_is_heir(char *why, size_t size)
{
	time_t end = time(NULL) + POINTS_PATIENCE_S;
	long now[HOLDS__COUNT];
	int i = 0;

	do {
		take_stock(now);
		for (i = 0; i < HOLDS__COUNT && is_same(i, now[i]); i++)
			;
		if (i == HOLDS__COUNT)
			return true;
		poll(NULL, 0, 1);
	} while (time(NULL) <= end);
	snprintf(why, size, "%s: %ld, %ld before", holding_names[i], now[i],
	    before.heir[i]);
	return false;
}
