/* SPDX-License-Identifier: ISC */
/* private.c - the pkg pool of a program that kmemd did not start. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/manager.h"
#include "mem/mem.h"
#include "mem/private.h"
#include "mem/slab.h"
#include "mem/slot.h"

#define MB	       ((size_t)1 << 20)
#define GROWING_MAX    (65536 * MB) /* address space of a pool that grows */
#define GROWING_MIN    (64 * MB)    /* below that it has all of it at once */
#define GROWING_START  (16 * MB)
#define FIXED_DEFAULT  (1024 * MB) /* under one whose pools do not grow */
#define SLOTS_MAX      4096u /* threads at once: as many as slab can name */
#define SLOTS_MIN      64u
#define BYTES_PER_SLOT 16384u
#define RANK	       (-1) /* of who is no process of the service */

static struct {
	pthread_mutex_t lock; /* one thread makes the pool */
	struct km_pool *pool;
	atomic_bool is_denied;
} own = { .lock = PTHREAD_MUTEX_INITIALIZER };

void private_deny(void)
{
	own.is_denied = true;
}

bool private_is_allowed(void)
{
	return !own.is_denied;
}

bool private_is(const struct km_pool *pool)
{
	return pool != NULL && pool == own.pool;
}

/* ---- fork --------------------------------------------------------------- */

static struct pool_slot *slot_at(uint32_t slot)
{
	return (struct pool_slot *)pool_at(own.pool, own.pool->slots) + slot;
}

static void slot_in_child(struct pool_slot *slot, bool is_mine, int32_t pid)
{
	if (is_mine)
		slot->pid = pid;
	else if (slot->state == SLOT_LIVE)
		slot->state = SLOT_RECOVERING;
	slot->start_time = 0; /* reading it would make each fork slower */
}

/* Of the parent's threads only the one that forked is here. */
static void in_child(void)
{
	int32_t pid = (int32_t)getpid();
	uint32_t mine, i;

	if (own.pool == NULL || pool_in_use(KM_PKG) != own.pool)
		return;
	own.pool->owner_pid = pid;
	own.pool->start_time = 0;
	mine = pool_slot_of_thread(KM_PKG);
	/* The first that is free is given out first: there are no more. */
	for (i = 0; i < own.pool->n_slots && slot_at(i)->state != SLOT_FREE;
	     i++)
		slot_in_child(slot_at(i), i == mine, pid);
}

/* A lock that another thread of the parent held would be held for ever. */
static void before_fork(void)
{
	pthread_mutex_lock(&own.lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&own.lock);
}

static void after_fork_in_child(void)
{
	pthread_mutex_unlock(&own.lock);
	in_child();
}

/* ---- making it ---------------------------------------------------------- */

/*
 * Before it is a page that nobody may touch: so the pool is at the beginning of
 * a mapping, where a kmemd that was not told of it finds it.
 */
static void *reserve(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, size + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	mprotect(p, page, PROT_NONE);
	return p + page;
}

static void release(void *base, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	munmap((char *)base - page, size + page);
}

/* As much of *size as can be had, where the caller did not say how much. */
static void *reserve_most(size_t *size)
{
	void *p = reserve(*size);

	while (p == NULL && *size > GROWING_MIN) {
		*size /= 2;
		p = reserve(*size);
	}
	return p;
}

static uint32_t slots_for(size_t size)
{
	size_t n = size / BYTES_PER_SLOT;

	if (n < SLOTS_MIN)
		return SLOTS_MIN;
	return n > SLOTS_MAX ? SLOTS_MAX : (uint32_t)n;
}

/* What it is made with, of so much address space. */
static void fill(struct pool_options *opt, size_t size, bool grows)
{
	opt->n_slots = slots_for(size);
	opt->size = opt->max_size = size;
	if (grows && size > GROWING_MIN)
		opt->size = size / SLAB_TABLES_PART + GROWING_START;
}

static int make(void *base, const struct pool_options *opt)
{
	struct km_pool *pool;
	uint32_t slot;
	int rc = pool_create(base, opt, &pool);

	if (rc == 0)
		rc = slot_claim(pool, &slot);
	if (rc != 0)
		return rc;
	/* A table of which little is used takes few pages, not large ones. */
	madvise(base, opt->size - opt->size % GROWING_START, MADV_NOHUGEPAGE);
	pool_set_owner(pool, (int32_t)getpid(), opt->name);
	slot_set(pool, slot, (int32_t)getpid(), RANK, opt->name);
	pool_use(KM_PKG, pool, slot);
	own.pool = pool;
	return 0;
}

/* With the lock held. */
static int open_pool(size_t size, const char *manager)
{
	struct pool_options opt = {
		.kind = KM_PKG,
		.manager = manager != NULL ? manager : "slab",
		.name = program_invocation_short_name,
	};
	uint32_t id;
	const struct manager *m = manager_find(opt.manager, &id);
	size_t most = size;
	void *base;
	int rc;

	if (m == NULL)
		return -KM_EINVAL;
	if (most == 0)
		most = m->grow != NULL ? GROWING_MAX : FIXED_DEFAULT;
	base = size == 0 ? reserve_most(&most) : reserve(most);
	if (base == NULL)
		return -KM_ENOMEM;
	fill(&opt, most, m->grow != NULL);
	rc = make(base, &opt);
	if (rc != 0)
		release(base, most);
	return rc;
}

static int open_once(size_t size, const char *manager)
{
	static bool is_told; /* that there are forks */
	int rc;

	pthread_mutex_lock(&own.lock);
	if (pool_in_use(KM_PKG) != NULL)
		rc = -KM_EEXIST;
	else if (own.is_denied)
		rc = -KM_EPERM;
	else
		rc = open_pool(size, manager);
	if (rc == 0 && !is_told)
		is_told = pthread_atfork(before_fork, after_fork,
			      after_fork_in_child) == 0;
	pthread_mutex_unlock(&own.lock);
	return rc;
}

int km_pkg_init(size_t size, const char *manager)
{
	return open_once(size, manager);
}

struct km_pool *private_pool(void)
{
	if (!own.is_denied && pool_in_use(KM_PKG) == NULL)
		open_once(0, NULL);
	return pool_in_use(KM_PKG);
}
