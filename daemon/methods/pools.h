/* SPDX-License-Identifier: ISC */
/* pools.h - the pools of the service, as the methods look at them. */
#ifndef KMEMD_METHODS_POOLS_H
#define KMEMD_METHODS_POOLS_H
/*
 * Concurrency: the supervisor's one thread. Nothing here asks a worker.
 */
#include <sys/types.h>

#include "daemon/proc.h"
#include "mem/view.h"
#include "rpc/method.h"

struct json_object;
struct scan_damage;

/* A view of the chunk's pool, or of a process's. Returns 0, or < 0 (logged). */
int pools_view_shm(struct view **view);

/* The accounts through such a view. */
int pools_info_shm(struct km_mem_info *info);
int pools_info_pkg(const struct proc *proc, struct km_mem_info *info);

/* Why a pool cannot be looked at: as reason(), and what a program says. */
const char *pools_reason(const struct proc *proc, int rc);

/* "uid" of a program that has attached; nothing of a process of the service. */
void pools_add_uid(struct json_object *row, const struct proc *proc);

/* A unit of core.shmmem: "k", "kb" ... Returns 0 when there is none such. */
size_t pools_unit(const char *name);
/* "b, k, kb ...": all of them. Into buf; buf. */
const char *pools_units(char *buf, size_t size);

/* The six keys of core.shmmem, bytes divided by unit and cut. */
struct json_object *pools_shmmem(const struct km_mem_info *info, size_t unit);
/* The same into a reply that has more. */
void pools_add_info(
    struct json_object *reply, const struct km_mem_info *info, size_t unit);

/*
 * The begin of an answer about a pool: pid, rank and desc of its process (not
 * of shm: proc is NULL), pool and manager (view NULL: it is not known).
 */
struct json_object *pools_whose(const struct proc *proc, struct view *view);

/* The pid of a slot of the shm pool; 0 when there is no such slot. */
pid_t pools_owner(struct view *view, uint32_t slot);

/* Members of a row: "0x7e80...", and "module: file: function(line)". */
void pools_add_address(struct json_object *row, const char *key, uint64_t addr);
void pools_add_site(
    struct json_object *row, const char *key, struct view *view, uint32_t site);

/* address, bytes, and the block before it: {address, size, site}, if any. */
void pools_add_damage(struct json_object *row, struct view *view,
    const struct scan_damage *damage);

/* NULL: no process has this pid; the call has ended, naming those there are. */
const struct proc *pools_find_pid(struct rpc_call *call, int64_t pid);

#endif
