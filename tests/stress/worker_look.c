/* SPDX-License-Identifier: ISC */
/* worker_look.c - what must be true when a worker has died on its way. */
#include "config.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "kmem.h"
#include "mem/pool.h"
#include "mem/slot.h"
#include "tests/stress/talk.h"
#include "tests/stress/worker_points.h"

#define PATIENCE_S 60
#define TIMEOUT_MS 60000 /* of a question */
#define SERVES	   "kmemd: supervisor"

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

/* ---- slots -------------------------------------------------------------- */

static const struct pool_slot *slot_at(uint32_t i)
{
	const struct km_pool *pool = pool_in_use(KM_SHM);

	return (const struct pool_slot *)pool_at(pool, pool->slots) + i;
}

static uint32_t state_of(uint32_t i)
{
	return __atomic_load_n(&slot_at(i)->state, __ATOMIC_ACQUIRE);
}

static uint32_t top(void)
{
	return __atomic_load_n(
	    &pool_in_use(KM_SHM)->top_slot, __ATOMIC_SEQ_CST);
}

int look_unnamed(void)
{
	for (uint32_t i = 0; i <= top(); i++)
		if (slot_is_claimed(state_of(i)))
			return (int)i;
	return -1;
}

bool look_is_named(pid_t pid)
{
	for (uint32_t i = 0; i <= top(); i++)
		if (state_of(i) == SLOT_LIVE && slot_at(i)->pid == pid)
			return true;
	return false;
}

static bool holds_a_lock(uint32_t i)
{
	const struct km_pool *pool = pool_in_use(KM_SHM);
	const struct pool_holds *holds =
	    (const struct pool_holds *)pool_at(pool, pool->holds) + i;
	bool any = holds->waits.lock != 0;

	for (unsigned n = 0; n < POOL_N_HOLDS; n++)
		any = any || holds->has[n].lock != 0;
	return any;
}

/* Dead, or given out again; nothing of it is half done. */
static bool slots_are_well(pid_t dead, char *why, size_t size)
{
	for (uint32_t i = 0; i <= top(); i++) {
		const struct pool_slot *slot = slot_at(i);
		uint32_t state = state_of(i);

		if (slot_is_claimed(state) || state == SLOT_RECOVERING ||
		    (state == SLOT_LIVE && slot->pid == dead)) {
			snprintf(why, size, "slot %u of pid %d is in state %u",
			    i, (int)slot->pid, state);
			return false;
		}
		if (state == SLOT_DEAD &&
		    (slot->busy != 0 || slot->intent != 0)) {
			snprintf(why, size,
			    "dead slot %u of pid %d is busy with %" PRIx64
			    ", intent %u",
			    i, (int)slot->pid, slot->busy, slot->intent);
			return false;
		}
		if (state == SLOT_DEAD && holds_a_lock(i)) {
			snprintf(why, size, "dead slot %u of pid %d has a lock",
			    i, (int)slot->pid);
			return false;
		}
	}
	return true;
}

/* ---- accounts, descriptors, maps ---------------------------------------- */

/* Of files, memfds among them; what has no name is malloc's. */
static void count_maps(long *stock)
{
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)look.kmemd);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		stock[STOCK_MAPS] += strchr(line, '/') != NULL;
		stock[STOCK_POOLS] += strstr(line, "kmemd-pkg") != NULL;
	}
	fclose(f);
}

static void take_stock(long *stock)
{
	struct km_mem_info info;

	memset(stock, 0, STOCK__COUNT * sizeof(*stock));
	shm_info(&info);
	stock[STOCK_USED] = (long)info.used;
	stock[STOCK_REAL_USED] = (long)info.real_used;
	for (uint32_t i = 0; i <= top(); i++)
		stock[STOCK_SLOTS] += state_of(i) == SLOT_LIVE;
	stock[STOCK_DESCRIPTORS] = talk_descriptors(look.kmemd);
	count_maps(stock);
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

/* Its result; NULL: there is none. */
static struct json_object *ask(const char *method, struct json_object **reply)
{
	struct json_object *result = NULL;
	const char *line;
	char request[128];

	snprintf(request, sizeof(request),
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"}\n", method);
	line = talk_ask(&look.talk, request, TIMEOUT_MS);
	*reply = line != NULL ? json_tokener_parse(line) : NULL;
	json_object_object_get_ex(*reply, "result", &result);
	return result;
}

static int number(struct json_object *row, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(row, key, &value);
	return json_object_get_int(value);
}

static bool read_pids(int32_t *pids)
{
	struct json_object *reply, *rows = ask("core.psx", &reply);
	size_t n = rows != NULL ? json_object_array_length(rows) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		int rank = number(row, "IDX");

		if (rank < POINTS_RANKS)
			pids[rank] = number(row, "PID");
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

static bool pools_are_whole(char *why, size_t size)
{
	struct json_object *reply, *pools = ask("mem.check", &reply);
	size_t n = pools != NULL ? json_object_array_length(pools) : 0;
	int found = 0;

	for (size_t i = 0; i < n; i++)
		found += number(json_object_array_get_idx(pools, i), "found");
	snprintf(why, size, "mem.check: %zu pools, %d findings", n, found);
	json_object_put(reply);
	return n > POINTS_RANKS && found == 0;
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
	       slots_are_well(dead, why, size) && stock_is_well(why, size) &&
	       others_go_on(why, size);
}

bool look_after(pid_t dead, char *why, size_t size)
{
	time_t end = time(NULL) + PATIENCE_S;

	memcpy(look.turns, look.points->turns, sizeof(look.turns));
	while (!is_well(dead, why, size)) {
		if (time(NULL) > end)
			return false;
		poll(NULL, 0, 1);
	}
	return pools_are_whole(why, size);
}

void look_before(void)
{
	read_pids(look.pids);
	take_stock(look.stock);
}

static bool serves(const char *socket)
{
	char path[64], title[sizeof(SERVES)] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)look.kmemd);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fgets(title, sizeof(title), f) == NULL)
		title[0] = '\0';
	fclose(f);
	return strcmp(title, SERVES) == 0 && talk_open(&look.talk, socket) == 0;
}

/* Of the workers that core.psx has now, each has been in its loop. */
static bool are_new_at_work(void)
{
	bool all = read_pids(look.pids);

	for (int i = 1; i < POINTS_RANKS; i++)
		all = all && look.points->served[i] == look.pids[i];
	return all;
}

/* It is left to be waited for. */
static bool has_ended(void)
{
	siginfo_t info = { 0 };

	waitid(P_PID, (id_t)look.kmemd, &info, WEXITED | WNOHANG | WNOWAIT);
	return info.si_pid != 0;
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
	while (!serves(socket)) {
		if (time(NULL) > end || has_ended())
			return false;
		poll(NULL, 0, 1);
	}
	return true;
}

bool look_again(pid_t kmemd, const char *socket)
{
	time_t end = time(NULL) + PATIENCE_S;

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
	time_t end = time(NULL) + PATIENCE_S;

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
