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
	struct pool_slot slot; /* a copy, of when it was first seen */
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
	stray->slot = *slot;
	LIST_INSERT_HEAD(&strays.all, stray, entry);
	stray->pidfd = (int)syscall(SYS_pidfd_open, slot->pid, 0);
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

/* It runs a program, which has attached: settled with all that it has. */
static bool is_program(int32_t pid)
{
	const struct proc *proc = proc_by_pid(pid);

	return proc != NULL && proc->slot != POOL_NO_SLOT;
}

/* It is dead: what it had goes the way of what any process had. */
static void settle(const struct stray *stray)
{
	const struct pool_slot *slot = &stray->slot;
	uint32_t n;

	if (is_program(slot->pid))
		return;
	n = slot_dead_all(chunk_pool(), slot->pid, slot->start_time);
	if (n == POOL_NO_SLOT)
		return;
	LM_NOTICE("a process that %s has forked (pid %d) has ended", slot->name,
	    (int)slot->pid);
	super_orphans_start(n);
}

static void on_died(evutil_socket_t fd, short what, void *arg)
{
	struct stray *stray = arg;

	settle(stray);
	stray_free(stray);
}

/*
 * Behind stray_new(). Only what is known is said of it: who is settled alive
 * goes on to write where others do. Without a descriptor to spare /proc tells
 * nothing (0); the pidfd will.
 */
static bool is_dead(const struct stray *stray)
{
	uint64_t start_time;

	if (stray->pidfd < 0 && errno == ESRCH)
		return true;
	start_time = slot_process_start_time(stray->slot.pid);
	return start_time != 0 && start_time != stray->slot.start_time;
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
	if (stray->slot.pid == slot->pid &&
	    stray->slot.start_time == slot->start_time)
		return true;
	return is_program(slot->pid);
}

/*
 * A copy of a slot that somebody has. False: nobody has, or it went from one to
 * another under our eyes: that one is seen at the next look.
 */
static bool slot_read(const struct pool_slot *from, struct pool_slot *to)
{
	uint32_t state = __atomic_load_n(&from->state, __ATOMIC_ACQUIRE);

	if (state != SLOT_LIVE && state != SLOT_LEFT)
		return false;
	*to = *from;
	to->name[POOL_NAME_SIZE - 1] = '\0';
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&from->state, __ATOMIC_RELAXED) == state &&
	       __atomic_load_n(&from->pid, __ATOMIC_RELAXED) == to->pid &&
	       __atomic_load_n(&from->start_time, __ATOMIC_RELAXED) ==
		   to->start_time;
}

void strays_look(struct km_pool *pool)
{
	const struct pool_slot *slots = pool_at(pool, pool->slots);
	uint32_t top = __atomic_load_n(&pool->top_slot, __ATOMIC_RELAXED);
	struct pool_slot slot;

	for (uint32_t n = 0; n <= top; n++)
		if (slot_read(&slots[n], &slot) && slot.rank >= 0 &&
		    !is_known(&slot) && !take_in(&slot))
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
