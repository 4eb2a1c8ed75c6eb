/* SPDX-License-Identifier: ISC */
/* oom.c - what is said when a pool has no room. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/tune.h"
#include "mem/manager.h"
#include "mem/oom.h"
#include "mem/private.h"
#include "mem/site_table.h"
#include "mem/status.h"

#define WALK_SHARE     100 /* a walk of 1 ms, then none for so many ms */
#define STATUS_PAUSE_S 60
#define STATUS_MAX     10000 /* lines about blocks; sums need no limit */
#define NS_PER_S       1000000000
#define HOLDER_SIZE    (SITE_LINE_SIZE + 128)

static const char *const remedies[] = {
	[KM_PKG] = "raise pkg_mem_size (-M)",
	[KM_SHM] = "raise shm_mem_size (-m)",
};

static const char *remedy(const struct km_pool *pool)
{
	if (private_is(pool))
		return "give km_pkg_init() a larger size";
	return remedies[pool->kind];
}

/* Of each kind of pool, in this process. */
static struct oom {
	atomic_flag busy; /* a thread is at it: others count themselves */
	atomic_uint left_out;
	time_t last;		  /* when a line was written, seconds */
	uint64_t walk_from;	  /* no walk before, ns */
	char holder[HOLDER_SIZE]; /* who held most at the last walk */
} ooms[KM_POOL_KIND__COUNT] = {
	{ .busy = ATOMIC_FLAG_INIT },
	{ .busy = ATOMIC_FLAG_INIT },
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* ---- who holds most ----------------------------------------------------- */

static void holder_of(struct km_pool *pool, const struct site_sum *most,
    uint64_t used, char *buf, size_t size)
{
	char at[SITE_LINE_SIZE];

	snprintf(buf, size,
	    "%s holds most, %" PRIu64 " blocks of %" PRIu64
	    " bytes in all, %" PRIu64 " %% of what is used: "
	    "a leak there if it keeps growing, else ",
	    site_row_line(pool, most->site, at, sizeof(at)), most->count,
	    most->size, used > 0 ? most->size * 100 / used : 0);
}

static void walk(struct km_pool *pool, char *buf, size_t size)
{
	struct site_sum most;
	uint64_t used;

	buf[0] = '\0';
	if (status_most(pool, &most, &used) == 0)
		holder_of(pool, &most, used, buf, size);
}

/* What the last walk found, and a new one if it is time. */
static const char *holder(struct oom *oom, struct km_pool *pool)
{
	uint64_t begin = now_ns(CLOCK_MONOTONIC), end;

	if (begin >= oom->walk_from) {
		walk(pool, oom->holder, sizeof(oom->holder));
		end = now_ns(CLOCK_MONOTONIC);
		oom->walk_from = end + (end - begin) * WALK_SHARE;
	}
	return oom->holder;
}

/* ---- line and status ---------------------------------------------------- */

static void say(struct oom *oom, struct km_pool *pool, size_t size,
    const struct km_site *site)
{
	struct km_mem_info info = { 0 };

	view_own_info(pool, &info);
	LM_ERR("%s: out of memory: %zu bytes asked at %s: %s: %s(%u), free "
	       "%zu of %zu, largest free fragment %zu, pid %d: %s%s; %u such "
	       "lines left out before",
	    pool->name, size, site->mname, site->file, site->func, site->line,
	    info.free, info.total, info.largest, (int)getpid(),
	    holder(oom, pool), remedy(pool),
	    atomic_exchange(&oom->left_out, 0));
}

/* Whether this process is the one to write the status now. */
static bool status_is_due(struct km_pool *pool)
{
	uint64_t now = now_ns(CLOCK_BOOTTIME) / NS_PER_S + STATUS_PAUSE_S;
	uint64_t last = __atomic_load_n(&pool->status_at, __ATOMIC_RELAXED);

	return km_log_is_on(km_tune->memlog) && now - last >= STATUS_PAUSE_S &&
	       __atomic_compare_exchange_n(&pool->status_at, &last, now, false,
		   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static void count(struct oom *oom)
{
	atomic_fetch_add(&oom->left_out, 1);
}

static void report(struct oom *oom, struct km_pool *pool, size_t size,
    const struct km_site *site)
{
	time_t now = (time_t)(now_ns(CLOCK_MONOTONIC_COARSE) / NS_PER_S);

	if (oom->last == now) {
		count(oom);
		return;
	}
	oom->last = now;
	say(oom, pool, size, site);
	if (status_is_due(pool))
		status_log_summary(pool->kind, STATUS_MAX);
}

void oom_report(struct km_pool *pool, size_t size, const struct km_site *site)
{
	struct oom *oom = &ooms[pool->kind];

	if (atomic_flag_test_and_set(&oom->busy)) {
		count(oom);
	} else {
		report(oom, pool, size, site);
		atomic_flag_clear(&oom->busy);
	}
	errno = ENOMEM;
}
