/* SPDX-License-Identifier: ISC */
/* strays.c - processes that workers have forked themselves. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/log.h"
#include "daemon/chunk.h"
#include "daemon/proc.h"
#include "daemon/strays.h"
#include "daemon/super_orphans.h"
#include "mem/pool.h"
#include "mem/slot.h"

struct stray {
	LIST_ENTRY(stray) entry;
	int32_t pid;
	uint64_t start_time;
	int pidfd;
	struct event *died;
};

static struct {
	struct event_base *base;
	LIST_HEAD(, stray) all;
} strays;

static struct stray *stray_new(const struct pool_slot *slot)
{
	struct stray *stray = calloc(1, sizeof(*stray));

	if (stray == NULL)
		return NULL;
	stray->pid = slot->pid;
	stray->start_time = slot->start_time;
	LIST_INSERT_HEAD(&strays.all, stray, entry);
	stray->pidfd = (int)syscall(SYS_pidfd_open, stray->pid, 0);
	return stray;
}

static void stray_free(struct stray *stray)
{
	LIST_REMOVE(stray, entry);
	if (stray->died != NULL)
		event_free(stray->died);
	if (stray->pidfd >= 0)
		close(stray->pidfd);
	free(stray);
}

/*
 * A slot of it, or NULL. It may have left those that it had before, and they
 * may be another's by now.
 */
static const struct pool_slot *slot_of(
    struct km_pool *pool, const struct stray *stray, uint32_t *n)
{
	const struct pool_slot *slots = pool_at(pool, pool->slots);

	for (*n = 0; *n <= pool->top_slot; ++*n)
		if ((slots[*n].state == SLOT_LIVE ||
			slots[*n].state == SLOT_LEFT) &&
		    slots[*n].pid == stray->pid &&
		    slots[*n].start_time == stray->start_time)
			return &slots[*n];
	return NULL;
}

/* It is dead: what it had goes the way of what any process had. */
static void settle(const struct stray *stray)
{
	struct km_pool *pool = chunk_pool();
	const struct pool_slot *slot;
	uint32_t n;

	slot = slot_of(pool, stray, &n);
	if (slot == NULL) {
		slot_drop_claims(pool, stray->pid);
		return;
	}
	LM_NOTICE("a process that %s has forked (pid %d) has ended", slot->name,
	    (int)slot->pid);
	slot_dead_process(pool, n);
	super_orphans_start(n);
}

static void on_died(evutil_socket_t fd, short what, void *arg)
{
	struct stray *stray = arg;

	settle(stray);
	stray_free(stray);
}

/* Behind stray_new(). With a pidfd it is certain whom the pid means. */
static bool is_dead(const struct stray *stray)
{
	if (stray->pidfd < 0)
		return errno == ESRCH;
	return slot_process_start_time(stray->pid) != stray->start_time;
}

static bool watch(struct stray *stray)
{
	if (stray->pidfd < 0)
		return false;
	stray->died =
	    event_new(strays.base, stray->pidfd, EV_READ, on_died, stray);
	return stray->died != NULL && event_add(stray->died, NULL) == 0;
}

/* False: there is no room to watch it now, which is logged. */
static bool take_in(const struct pool_slot *slot)
{
	struct stray *stray = stray_new(slot);

	if (stray != NULL && is_dead(stray)) {
		settle(stray);
		stray_free(stray);
		return true;
	}
	if (stray != NULL && watch(stray)) {
		LM_INFO("pid %d, which %s has forked, is in the shm pool: "
			"watched",
		    (int)slot->pid, slot->name);
		return true;
	}
	LM_ERR("cannot watch pid %d, which %s has forked: %m", (int)slot->pid,
	    slot->name);
	if (stray != NULL)
		stray_free(stray);
	return false;
}

static bool is_known(const struct pool_slot *slot)
{
	const struct proc *proc = proc_at((unsigned)slot->rank);
	const struct stray *stray;

	if (proc != NULL && proc->pid == slot->pid)
		return true;
	LIST_FOREACH(stray, &strays.all, entry)
	if (stray->pid == slot->pid && stray->start_time == slot->start_time)
		return true;
	return false;
}

void strays_look(struct km_pool *pool)
{
	const struct pool_slot *slots = pool_at(pool, pool->slots);

	for (uint32_t n = 0; n <= pool->top_slot; n++)
		if (__atomic_load_n(&slots[n].state, __ATOMIC_ACQUIRE) ==
			SLOT_LIVE &&
		    slots[n].rank >= 0 && !is_known(&slots[n]) &&
		    !take_in(&slots[n]))
			return; /* to the next look */
}

void strays_init(struct event_base *base)
{
	strays.base = base;
	LIST_INIT(&strays.all);
}

void strays_fini(void)
{
	struct stray *stray;

	while ((stray = LIST_FIRST(&strays.all)) != NULL)
		stray_free(stray);
}
