/* SPDX-License-Identifier: ISC */
/* look.h - a question about all blocks of some pools, as a job of slices. */
#ifndef KMEMD_METHODS_LOOK_H
#define KMEMD_METHODS_LOOK_H
/*
 * A method that has to see every block is a struct look with what it counts
 * behind it, and operations.  The answer has a row for each pool: an array, or
 * one struct when the question is about one pool.
 *
 * Lifetime: from look_start() to the end of its call, or its connection's.
 * Concurrency: the supervisor's one thread.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "daemon/jobs.h"
#include "daemon/scan.h"

struct json_object;
struct look;
struct rpc_call;

struct look_ops {
	enum scan_what what;
	bool is_single; /* of one pool: the answer is its row */
	/*
	 * A pool is next: look->scan is open, look->row says whose it is.
	 * Returns 0; 1: it is none of those asked for; or < 0.
	 */
	int (*begin)(struct look *look);
	/* Returns false: that is enough of this pool. */
	bool (*block)(struct look *look, const struct view_block *block);
	void (*damage)(struct look *look, const struct scan_damage *damage);
	/* All of it was seen: what is to be said goes into look->row. */
	void (*end)(struct look *look);
	/* End the call when there is something to say but the rows; or NULL. */
	bool (*fail)(struct look *look);
	/* Let go of what it counts, perhaps in the middle. NULL: nothing. */
	void (*fini)(struct look *look);
};

/* Which pools. */
struct look_where {
	bool shm, pkg;
	pid_t pid; /* of pkg: this one alone; 0: of all processes */
};

struct look {
	struct job job; /* first: a job is its look */
	struct rpc_call *call;
	const struct look_ops *ops;
	struct look_where where;
	struct scan scan;
	struct json_object *row;  /* of this pool */
	struct json_object *rows; /* of those before */

	/* look.c's own */
	bool is_shm_done;
	unsigned next_proc;
};

/*
 * Answer a call. Takes over `look`, NULL or from calloc(); it is the first
 * member of what the method counts.
 */
void look_start(struct look *look, struct rpc_call *call,
    const struct look_ops *ops, struct look_where where);

/*
 * "shm", "pkg" or "all", NULL for all, and a pid, 0 for all.
 * Returns false when that cannot be: the call has ended.
 */
bool look_where_parse(struct rpc_call *call, const char *pool, int64_t pid,
    struct look_where *where);

#endif
