/* SPDX-License-Identifier: ISC */
/* pkgpool.c - the pkg pools of the supervisor and of its workers. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/param.h"
#include "daemon/pkgpool.h"
#include "daemon/proc.h"
#include "daemon/reason.h"
#include "mem/pool.h"
#include "mem/segment.h"
#include "mem/slot.h"

#define PKG_SLOTS 64 /* threads of one process, those that have ended included */
#define MB	  ((size_t)1 << 20)

static void *base(void)
{
	return (void *)(uintptr_t)param_int(P_PKG_BASE);
}

static int create(struct proc *proc, uid_t uid, gid_t gid)
{
	char name[32];
	struct segment_options opt = {
		.name = name,
		.size = (size_t)param_int(P_PKG_MEM_SIZE) * MB,
		.backend = SEGMENT_MEMFD,
		.uid = uid,
		.gid = gid,
	};
	int rc;

	snprintf(name, sizeof(name), "kmemd-pkg-%d", proc->rank);
	rc = segment_create(&proc->pkg_segment, &opt);
	if (rc < 0)
		LM_ERR("cannot create a pkg pool of %ld MB: %s "
		       "(-M, pkg_mem_size)",
		    param_int(P_PKG_MEM_SIZE), reason(rc));
	return rc;
}

/* This process's own pool from now on: it is the only one in it. */
static void take_over(struct km_pool *pool, int rank)
{
	char name[32] = "supervisor";

	if (rank > 0)
		snprintf(name, sizeof(name), "worker %d", rank);
	pool_set_owner(pool, getpid(), name);
	slot_set(pool, 0, getpid(), rank, name);
	pool_use(KM_PKG, pool, 0);
}

static int make_pool(void *map, size_t size)
{
	struct pool_options opt = {
		.kind = KM_PKG,
		.manager = param_string(P_PKG_MANAGER),
		.name = "pkg",
		.n_slots = PKG_SLOTS,
		.size = size,
		.guard = param_int(P_MEM_GUARD) != 0,
	};
	struct km_pool *pool;
	int rc;

	rc = pool_create(map, &opt, &pool);
	if (rc < 0) {
		LM_ERR("cannot make a pkg pool of %ld MB with manager %s: %s "
		       "(-M, -X)",
		    param_int(P_PKG_MEM_SIZE), opt.manager, reason(rc));
		return rc;
	}
	take_over(pool, 0);
	return 0;
}

int pkgpool_open(struct proc *self, uid_t uid, gid_t gid)
{
	void *map;
	int rc;

	rc = create(self, uid, gid);
	if (rc < 0)
		return rc;
	rc = segment_map(&self->pkg_segment, base(), &map);
	if (rc < 0) {
		LM_ERR("cannot map the pkg pool at %p: %s (set pkg_base to an "
		       "address that is free)",
		    base(), reason(rc));
		goto out;
	}
	self->pkg_map = map;
	self->pkg_size = self->pkg_segment.size;
	rc = make_pool(map, self->pkg_size);
out:
	if (rc < 0)
		pkgpool_close();
	return rc;
}

void pkgpool_close(void)
{
	pool_use(KM_PKG, NULL, 0);
	for (unsigned i = 0; i < proc_count(); i++)
		pkgpool_drop(proc_at(i));
}

void pkgpool_drop(struct proc *proc)
{
	if (proc->pkg_map != NULL)
		segment_unmap(&proc->pkg_segment, proc->pkg_map);
	proc->pkg_map = NULL;
	proc->pkg_size = 0;
	segment_close(&proc->pkg_segment);
}

int pkgpool_copy(struct proc *worker)
{
	const struct proc *self = proc_at(0);
	int rc;

	pkgpool_drop(worker);
	rc = create(worker, (uid_t)-1, (gid_t)-1);
	if (rc < 0)
		return rc;
	rc = segment_copy(
	    &self->pkg_segment, self->pkg_map, &worker->pkg_segment);
	if (rc == 0)
		rc = segment_map_readonly(
		    &worker->pkg_segment, &worker->pkg_map);
	if (rc < 0) {
		LM_ERR(
		    "cannot copy the pkg pool for worker %d: %m", worker->rank);
		pkgpool_drop(worker);
		return rc;
	}
	worker->pkg_size = worker->pkg_segment.size;
	/* Workers do not inherit the maps of a thousand others. */
	madvise((void *)(uintptr_t)worker->pkg_map, worker->pkg_size,
	    MADV_DONTFORK);
	return 0;
}

int pkgpool_enter(const struct proc *worker)
{
	struct km_pool *pool = base();
	int rc = segment_map_over(&worker->pkg_segment, pool);

	if (rc < 0)
		return rc;
	take_over(pool, worker->rank);
	return 0;
}

void pkgpool_leave(void)
{
	segment_close(&proc_at(0)->pkg_segment);
	for (unsigned i = 1; i < proc_count(); i++) {
		proc_at(i)->pkg_map = NULL; /* not inherited */
		pkgpool_drop(proc_at(i));
	}
}
