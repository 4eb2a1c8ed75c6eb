/* SPDX-License-Identifier: ISC */
/* slot.c - giving out the slots of a pool. */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "mem/hold.h"
#include "mem/intent.h"
#include "mem/manager.h"
#include "mem/slot.h"
#include "mem/view.h"

static struct pool_slot *slot_at(struct km_pool *pool, uint32_t slot)
{
	return (struct pool_slot *)pool_at(pool, pool->slots) + slot;
}

/* What slots say of this process, and which process that was. */
static struct {
	int32_t known_as;
	int32_t pid;	  /* 0: nobody has told us */
	uint64_t pids_in; /* the namespace where our pids mean what they do */
} self;

/* 0: there is no /proc to tell. */
static uint64_t pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}

static void note_namespace(void)
{
	if (self.pids_in == 0)
		self.pids_in = pid_namespace();
}

/* A fork may have put us into one of our own. */
static bool is_apart(void)
{
	uint64_t now = pid_namespace();

	return now != 0 && self.pids_in != 0 && now != self.pids_in;
}

void slot_known_as(int32_t pid)
{
	self.known_as = pid;
	self.pid = (int32_t)getpid();
	self.pids_in = pid_namespace();
}

bool slot_is_known_here(void)
{
	return self.known_as == self.pid && !is_apart();
}

static int32_t own_pid(void)
{
	int32_t pid = (int32_t)getpid();

	return self.pid == pid ? self.known_as : pid;
}

/* A kill behind the CAS leaves it CLAIMED: slot_drop_claims(), by its pid. */
static bool take(struct pool_slot *s, uint32_t from)
{
	uint32_t state = __atomic_load_n(&s->state, __ATOMIC_RELAXED);

	return state == from && __atomic_compare_exchange_n(&s->state, &state,
				    slot_claimed_by(own_pid()), false,
				    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static void note_top(struct km_pool *pool, uint32_t slot)
{
	uint32_t top = __atomic_load_n(&pool->top_slot, __ATOMIC_RELAXED);

	while (
	    slot > top && !__atomic_compare_exchange_n(&pool->top_slot, &top,
			      slot, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
}

static int find_free(struct km_pool *pool, uint32_t *slot)
{
	/* All that name it are blocks of one process, whoever has it. */
	bool may_inherit = pool->kind == KM_PKG;

	for (uint32_t i = 0; i < pool->n_slots; i++)
		if ((may_inherit && take(slot_at(pool, i), SLOT_LEFT)) ||
		    take(slot_at(pool, i), SLOT_FREE)) {
			note_top(pool, i);
			*slot = i;
			return 0;
		}
	return -KM_EFULL;
}

/* By CAS: somebody else who does the same may have given it out already. */
static void free_if_over(struct pool_slot *s)
{
	uint32_t state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);

	if (state == SLOT_DEAD || state == SLOT_LEFT)
		__atomic_compare_exchange_n(&s->state, &state, SLOT_FREE, false,
		    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/*
 * Dead slots that no live block names become free: one walk over the pool,
 * when all slots have been used.
 */
static int free_the_dead(struct km_pool *pool)
{
	struct view_block block;
	struct view_walk walk = { 0 };
	struct view *view;
	char *named = calloc(pool->n_slots, 1);
	int rc = -KM_ENOMEM;

	if (named == NULL)
		return rc;
	rc = view_open_map(pool, pool->max_size, &view);
	if (rc != 0)
		goto out;
	while ((rc = view_next(view, &walk, &block)) == 1)
		if (block.owner < pool->n_slots)
			named[block.owner] = 1;
	for (uint32_t i = 0; rc == 0 && i < pool->n_slots; i++)
		if (!named[i])
			free_if_over(slot_at(pool, i));
	view_close(&view);
out:
	free(named);
	return rc;
}

int slot_claim(struct km_pool *pool, uint32_t *slot)
{
	int rc = find_free(pool, slot);

	if (rc == -KM_EFULL && free_the_dead(pool) == 0)
		rc = find_free(pool, slot);
	return rc;
}

void slot_set(struct km_pool *pool, uint32_t slot, int32_t pid, int32_t rank,
    const char *name)
{
	struct pool_slot *s = slot_at(pool, slot);

	if (pid == (int32_t)getpid())
		note_namespace();
	s->pid = pid;
	s->rank = rank;
	s->start_time = slot_process_start_time(pid);
	snprintf(s->name, sizeof(s->name), "%s", name);
	__atomic_store_n(&s->state, SLOT_LIVE, __ATOMIC_RELEASE);
}

void slot_settle(struct km_pool *pool)
{
	for (uint32_t i = 0; i < pool->n_slots; i++)
		if (__atomic_load_n(&slot_at(pool, i)->state,
			__ATOMIC_ACQUIRE) == SLOT_RECOVERING) {
			slot_dead(pool, i);
			slot_left(pool, i);
		}
}

/*
 * RECOVERING until all is settled. A kill in here leaves the slot so: it is
 * not given out again, and to settle it once more would do no harm.
 */
void slot_dead(struct km_pool *pool, uint32_t slot)
{
	const struct manager *manager = manager_at(pool->manager);
	uint32_t *state = &slot_at(pool, slot)->state;

	__atomic_store_n(state, SLOT_RECOVERING, __ATOMIC_RELEASE);
	hold_clear(pool, slot);
	intent_settle(pool, slot);
	if (manager->recover != NULL)
		manager->recover(pool, slot);
	__atomic_store_n(state, SLOT_DEAD, __ATOMIC_RELEASE);
}

/* By CAS: who needs slots may have given it out again. */
static bool left_is_dead(struct pool_slot *s)
{
	uint32_t state = SLOT_LEFT;

	return __atomic_compare_exchange_n(&s->state, &state, SLOT_DEAD, false,
	    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/*
 * False: it is not of the dead. The state is read first: who has it next stores
 * his pid before he is live, so one that was live and has the pid of the dead
 * was theirs.
 */
static bool dead_if_of(
    struct km_pool *pool, uint32_t slot, int32_t pid, uint64_t start_time)
{
	struct pool_slot *s = slot_at(pool, slot);
	uint32_t state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);

	if (s->pid != pid || s->start_time != start_time)
		return false;
	if (state != SLOT_LIVE)
		return left_is_dead(s);
	slot_dead(pool, slot);
	return true;
}

bool slot_pass_claim(struct km_pool *pool, uint32_t slot, int32_t pid)
{
	uint32_t state = slot_claimed_by(pid);

	return __atomic_compare_exchange_n(&slot_at(pool, slot)->state, &state,
	    slot_claimed_by(own_pid()), false, __ATOMIC_ACQ_REL,
	    __ATOMIC_RELAXED);
}

void slot_drop_claims(struct km_pool *pool, int32_t pid)
{
	for (uint32_t i = 0; i < pool->n_slots; i++) {
		uint32_t state = slot_claimed_by(pid);

		__atomic_compare_exchange_n(&slot_at(pool, i)->state, &state,
		    SLOT_FREE, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	}
}

uint32_t slot_dead_all(struct km_pool *pool, int32_t pid, uint64_t start_time)
{
	uint32_t one = POOL_NO_SLOT;

	for (uint32_t i = 0; i < pool->n_slots; i++)
		if (dead_if_of(pool, i, pid, start_time))
			one = i;
	slot_drop_claims(pool, pid);
	return one;
}

/* Who has left has left nothing half done. */
static void settle_one(struct km_pool *pool, uint32_t slot)
{
	struct pool_slot *s = slot_at(pool, slot);

	if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) == SLOT_LEFT)
		left_is_dead(s);
	else
		slot_dead(pool, slot);
}

void slot_dead_process(struct km_pool *pool, uint32_t slot)
{
	const struct pool_slot *main = slot_at(pool, slot);

	for (uint32_t i = 0; i < pool->n_slots; i++)
		if (i != slot)
			dead_if_of(pool, i, main->pid, main->start_time);
	slot_drop_claims(pool, main->pid);
	settle_one(pool, slot);
}

void slot_left(struct km_pool *pool, uint32_t slot)
{
	hold_clear(pool, slot);
	__atomic_store_n(
	    &slot_at(pool, slot)->state, SLOT_LEFT, __ATOMIC_RELEASE);
}

int slot_join(struct km_pool *pool, uint32_t *slot)
{
	const struct pool_slot *s =
	    slot_at(pool, pool_slot_in_use((enum km_pool_kind)pool->kind));
	struct pool_slot *mine;
	int rc;

	if (pool->kind == KM_SHM && s->pid != own_pid() && is_apart()) {
		LM_ERR("%s: pid %d is in a pid namespace of its own, where "
		       "nobody would see it die: it cannot join",
		    pool->name, (int)getpid());
		return -KM_EPERM;
	}
	rc = slot_claim(pool, slot);
	if (rc != 0)
		return rc;
	mine = slot_at(pool, *slot);
	if (s->pid == own_pid()) {
		/* The usual case, and starting a thread is to be quick. */
		mine->pid = s->pid;
		mine->rank = s->rank;
		mine->start_time = s->start_time;
		memmove(mine->name, s->name, sizeof(mine->name));
		__atomic_store_n(&mine->state, SLOT_LIVE, __ATOMIC_RELEASE);
	} else {
		char name[POOL_NAME_SIZE];

		memcpy(name, s->name, sizeof(name));
		slot_set(pool, *slot, (int32_t)getpid(), s->rank, name);
	}
	return 0;
}

/* No stdio: who makes a pool may be malloc(). */
bool slot_process_field(int32_t pid, int field, uint64_t *value)
{
	char path[64], stat[1024];
	const char *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	if (n <= 0)
		return false;
	stat[n] = '\0';
	/* The name in parentheses may hold anything: count from ')'. */
	p = strrchr(stat, ')');
	for (int i = 2; p != NULL && i < field; i++)
		p = strchr(p + 1, ' ');
	if (p != NULL)
		*value = strtoull(p, NULL, 10);
	return p != NULL;
}

static uint64_t read_start_time(int32_t pid)
{
	uint64_t ticks = 0;

	slot_process_field(pid, 22, &ticks);
	return ticks;
}

uint64_t slot_process_start_time(int32_t pid)
{
	/* A process asks for its own several times as it starts. */
	static struct {
		uint64_t ticks;
		int32_t pid; /* stored last */
	} known;

	if (pid != (int32_t)getpid())
		return read_start_time(pid);
	if (__atomic_load_n(&known.pid, __ATOMIC_ACQUIRE) != pid) {
		known.ticks = read_start_time(pid);
		__atomic_store_n(&known.pid, pid, __ATOMIC_RELEASE);
	}
	return known.ticks;
}
