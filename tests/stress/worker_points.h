/* SPDX-License-Identifier: ISC */
/* worker_points.h - a worker of kmemd is killed on its way into service. */
#ifndef TESTS_STRESS_WORKER_POINTS_H
#define TESTS_STRESS_WORKER_POINTS_H
/*
 * points_worker.c is a module of kmemd: each worker takes turns at the board,
 * one in its child_init, the others in its loop.  The board is in shm, under
 * the root POINTS_ROOT, where worker_points.c, which kills, and worker_look.c,
 * which looks whether all is well then, find it: they attach.
 *
 * Lifetime: the pool's. Concurrency: members by atomic access, but for a and b,
 * which are the lock's.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mem/lock.h"

#define POINTS_ROOT   "worker points"
#define POINTS_VICTIM 1		    /* the rank that is killed */
#define POINTS_STRAY  (100 + 50000) /* bytes that who it forks has */
#define POINTS_RANKS  4 /* the supervisor, and as many workers as there are */

struct points {
	struct km_lock lock;
	uint64_t a, b;	 /* equal, but while somebody changes them */
	uint32_t broken; /* times that they were not, and nobody was told */
	int32_t is_calm; /* nobody takes a turn in its loop */
	int32_t served[POINTS_RANKS]; /* who was in its loop: its pid */
	uint32_t turns[POINTS_RANKS];
	int32_t fork_wanted; /* the victim is to fork, once */
	int32_t forked;	     /* the pid of that process, when it has blocks */
};

/*
 * Whoever dies in here has changed one of them, or both. False: the lock could
 * not be had.
 */
static inline bool points_change(struct points *points)
{
	int rc = lock_get(&points->lock);

	if (rc < 0)
		return false;
	if (rc == KM_LOCK_OWNER_DIED)
		points->b = points->a;
	if (points->a != points->b)
		__atomic_add_fetch(&points->broken, 1, __ATOMIC_SEQ_CST);
	points->a++;
	points->b++;
	lock_release(&points->lock);
	return true;
}

/* ---- worker_look.c ------------------------------------------------------ */

/* Wait until this kmemd serves, and join it: its board. */
struct points *look_open(pid_t kmemd, const char *socket);
void look_close(void);

/*
 * The next kmemd has taken over: wait until it serves. What it holds by itself
 * is not compared from now on. False: it does not serve, in time.
 */
bool look_again(pid_t kmemd, const char *socket);

/* What there is now, that a death is to leave as it is. */
void look_before(void);

/*
 * After the death of a worker on its way, wait until all is as it was, and one
 * of the same rank serves in its place. False: it is not; `why` in words.
 */
bool look_after(pid_t dead, char *why, size_t size);

/* The slot of who has been forked, but not yet been given a name; or -1. */
int look_unnamed(void);

#endif
