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
	bool is_short; /* of descriptors or memory: said already */
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
	/* A kill of ours behind it: the next one tells (takeover_adopt()). */
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

enum look {
	LOOK_ALIVE,
	LOOK_DEAD,
	LOOK_UNKNOWN, /* without a descriptor it cannot be told: errno */
};

/*
 * Behind stray_new(). Only what is known is said of it: who is settled alive
 * goes on to write where others do. With a pidfd it is certain whom the pid
 * means.
 */
static enum look look_at(const struct stray *stray)
{
	uint64_t start_time;

	if (stray->pidfd < 0)
		return errno == ESRCH ? LOOK_DEAD : LOOK_UNKNOWN;
	start_time = slot_process_start_time(stray->slot.pid);
	if (start_time == 0)
		return LOOK_UNKNOWN;
	return start_time == stray->slot.start_time ? LOOK_ALIVE : LOOK_DEAD;
}

static bool watch(struct stray *stray)
{
	stray->died =
	    event_new(strays.base, stray->pidfd, EV_READ, on_died, stray);
	return stray->died != NULL && event_add(stray->died, NULL) == 0;
}

/* False, and errno: there is no room to watch it now. */
static bool take_in(const struct pool_slot *slot)
{
	struct stray *stray = stray_new(slot);
	enum look look = stray != NULL ? look_at(stray) : LOOK_UNKNOWN;

	if (look == LOOK_ALIVE && watch(stray)) {
		LM_INFO("pid %d, which %s has forked, is in the shm pool: "
			"watched",
		    (int)slot->pid, slot->name);
		return true;
	}
	if (look == LOOK_DEAD)
		settle(stray);
	if (stray != NULL)
		stray_free(stray);
	return look == LOOK_DEAD;
}

/* Once, until there is room again. */
static void say_no_room(const struct pool_slot *slot)
{
	if (!strays.is_short)
		LM_ERR("cannot watch pid %d, which %s has forked: %m",
		    (int)slot->pid, slot->name);
	strays.is_short = true;
}

/* What a worker had is settled when it is PROC_DEAD: that pid is another's. */
static bool is_known(const struct pool_slot *slot)
{
	const struct proc *proc = proc_at((unsigned)slot->rank);
	const struct stray *stray;

	if (proc != NULL && proc->pid == slot->pid && proc->state != PROC_DEAD)
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

/*
 * One without /proc, or without descriptors, cannot say when it has started. A
 * kill of ours before it leaves 0: the next kmemd takes such a one for dead.
 */
static void learn_start(struct pool_slot *slot)
{
	if (slot->start_time == 0)
		slot->start_time = slot_process_start_time(slot->pid);
}

void strays_look(void)
{
	struct km_pool *pool = chunk_pool();
	struct pool_slot *slots, slot;
	bool has_room = true;
	uint32_t top;

	if (pool == NULL)
		return;
	slots = pool_at(pool, pool->slots);
	top = __atomic_load_n(&pool->top_slot, __ATOMIC_RELAXED);
	for (uint32_t n = 0; n <= top && n < pool->n_slots; n++) {
		if (!slot_read(&slots[n], &slot) || slot.rank < 0)
			continue;
		learn_start(&slots[n]);
		slot.start_time = slots[n].start_time;
		if (is_known(&slot) || take_in(&slot))
			continue;
		say_no_room(&slot);
		has_room = false; /* to the next look */
	}
	if (has_room)
		strays.is_short = false;
}

void strays_init(struct event_base *base)
{
	strays.base = base;
	strays.is_short = false;
	LIST_INIT(&strays.all);
}

void strays_fini(void)
{
	struct stray *stray;

	while ((stray = LIST_FIRST(&strays.all)) != NULL)
		stray_free(stray);
}
