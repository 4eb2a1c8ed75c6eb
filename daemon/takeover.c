/* SPDX-License-Identifier: ISC */
/* takeover.c - who was in the chunk that has been found. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/attach_link.h"
#include "daemon/super_orphans.h"
#include "daemon/takeover.h"
#include "mem/pool.h"
#include "mem/slot.h"

#define END_MS 10000 /* for a killed worker to be gone */

static struct pool_slot *slot_at(struct km_pool *pool, uint32_t i)
{
	return (struct pool_slot *)pool_at(pool, pool->slots) + i;
}

/*
 * Somebody's: of one who lives, as far as the slot knows, or is half settled.
 */
static bool is_taken(const struct pool_slot *slot)
{
	return slot->state == SLOT_LIVE || slot->state == SLOT_LEFT ||
	       slot->state == SLOT_RECOVERING;
}

/* Zombies are gone, too. */
static bool is_gone(pid_t pid)
{
	struct pollfd gone = { .fd = -1, .events = POLLIN };
	bool yes;

	gone.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (gone.fd < 0)
		return errno == ESRCH;
	yes = poll(&gone, 1, 0) == 1;
	close(gone.fd);
	return yes;
}

/*
 * We are not the one that had this pid before (core.reexec). A start time stays
 * until the process has been waited for, which may never be; where /proc cannot
 * be read (0: no descriptor to spare) it tells nothing.
 */
static bool lives(const struct pool_slot *slot)
{
	uint64_t start_time = slot_process_start_time(slot->pid);

	return slot->pid > 0 && slot->pid != getpid() &&
	       (start_time == 0 || start_time == slot->start_time) &&
	       !is_gone(slot->pid);
}

/* ---- the dead ----------------------------------------------------------- */

/* Its supervisor is dead, so it is on its way, unless it is stopped. */
static void end_worker(const struct pool_slot *slot)
{
	struct pollfd gone = { .fd = -1, .events = POLLIN };

	gone.fd = (int)syscall(SYS_pidfd_open, slot->pid, 0);
	if (gone.fd < 0)
		return;
	/* Only now is it certain whom the descriptor means. */
	if (lives(slot)) {
		LM_NOTICE("ending %s (pid %d) of the kmemd before", slot->name,
		    (int)slot->pid);
		syscall(SYS_pidfd_send_signal, gone.fd, SIGKILL, NULL, 0);
		poll(&gone, 1, END_MS);
	}
	close(gone.fd);
}

/* Of one who was killed before it was in there. We have no claim of our own. */
static void settle_claim(struct km_pool *pool, uint32_t state)
{
	int32_t pid = slot_claimer(state);

	if (slot_is_claimed(state) && pid > 0 &&
	    (pid == getpid() || is_gone(pid)))
		slot_drop_claims(pool, pid);
}

void takeover_settle(struct km_pool *pool, unsigned mine)
{
	unsigned dead = 0;

	for (uint32_t i = 0; i < pool->n_slots; i++) {
		const struct pool_slot *slot = slot_at(pool, i);

		settle_claim(
		    pool, __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE));
		if (i == mine || !is_taken(slot))
			continue;
		if (slot->rank >= 0 && lives(slot))
			end_worker(slot);
		/*
		 * A kill in here leaves it RECOVERING: the next one goes on,
		 * even where the process lives, which has left or runs another
		 * program.
		 */
		if (slot->state != SLOT_RECOVERING && lives(slot))
			continue;
		slot_dead(pool, i);
		dead++;
	}
	LM_NOTICE("shm: %u participants have died meanwhile: settled", dead);
}

/* ---- the living --------------------------------------------------------- */

/* One of the slots of a process stands for all of them. */
static bool is_first(struct km_pool *pool, uint32_t n)
{
	const struct pool_slot *slot = slot_at(pool, n), *other;

	for (uint32_t i = 0; i < n; i++) {
		other = slot_at(pool, i);
		if (other->state == slot->state && other->pid == slot->pid &&
		    other->start_time == slot->start_time)
			return false;
	}
	return true;
}

static void adopt(struct km_pool *pool, uint32_t n)
{
	const struct pool_slot *slot = slot_at(pool, n);
	char path[64];
	struct stat st;
	int pidfd;

	pidfd = (int)syscall(SYS_pidfd_open, slot->pid, 0);
	if (pidfd < 0 && errno != ESRCH) {
		/* It goes on: settled, it would write to what others have. */
		LM_ERR("cannot watch \"%s\" (pid %d): %m", slot->name,
		    (int)slot->pid);
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d", (int)slot->pid);
	if (pidfd >= 0 && lives(slot) && stat(path, &st) == 0) {
		attach_link_adopt(pidfd, slot->pid, st.st_uid, n, slot->name);
		return;
	}
	if (pidfd >= 0)
		close(pidfd);
	slot_dead_process(pool, n);
}

void takeover_adopt(struct km_pool *pool)
{
	for (uint32_t i = 0; i < pool->n_slots; i++) {
		const struct pool_slot *slot = slot_at(pool, i);

		if (slot->state == SLOT_DEAD && is_first(pool, i))
			super_orphans_start(i);
		if (slot->state == SLOT_LIVE && slot->pid != getpid() &&
		    is_first(pool, i))
			adopt(pool, i);
	}
}
