/* SPDX-License-Identifier: ISC */
/* kill_points.h - a participant of a slab pool is killed at every instruction.
 */
#ifndef TESTS_KILL_POINTS_H
#define TESTS_KILL_POINTS_H
/*
 * The tester prepares a pool, and a victim that does one operation, a machine
 * instruction at a time.  After each that has changed the pool a judge gets a
 * copy of it as it is, takes the victim for dead, recovers, and checks that
 * nothing is lost.  To freeze is to let others work while it stands there, and
 * then the victim go on.
 *
 * Lifetime: the pool that of a trial, the board that of the program.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mem/pool.h"

#define POOL_SIZE ((size_t)1 << 20)
#define MAP_SIZE  (2 * POOL_SIZE) /* of a pool that grows */
#define N_KEPT	  64
#define N_OWN	  256
#define N_SPARE	  6

enum {
	TESTER,
	VICTIM,
	THIRD,
	HELPER,
	N_NAMED,
	N_SLOTS = 16
};

/* What can go wrong. */
enum verdict {
	GOOD,
	DEADLOCK,
	INCONSISTENT,
	LOST,
	TWICE,
	VERDICT__COUNT
};

struct sums {
	uint64_t blocks, used;
};

/* Shared by tester, victim and judges. */
struct board {
	int started, done;  /* the operation */
	void *kept[N_KEPT]; /* nobody frees these; stamped */
	uint32_t kept_size[N_KEPT];
	void *far[N_KEPT];    /* of the tester, for the victim to free */
	void *own[N_OWN];     /* of the victim */
	void *spare[N_SPARE]; /* of the tester: each alone in its span */
	void *result;
	void **where;	   /* one of shm, of the tester */
	uint64_t n_others; /* blocks, but for what *where has */
	struct sums before, after;
	unsigned misused; /* lines about bad frees */
	uint64_t lost;	  /* bytes, of the judge's why */
	char why[256];
};

/* One row: what is done, with what before it. */
struct operation {
	const char *name;
	void (*prepare)(void); /* by the victim; may be NULL */
	void (*run)(void);
	unsigned flags;
	const char *left_by; /* OP_RECOVER: what the dead third was doing */
};
#define OP_EMPTY   1u  /* in a pool that nobody has used */
#define OP_MOVES   2u  /* a block may be there twice */
#define OP_RUN	   4u  /* the size of a run may be neither, within a page */
#define OP_RECOVER 8u  /* of a third, who was killed in `left_by` */
#define OP_GROWS   16u /* in a pool that can */
#define OP_WHERE   32u /* *where has a block, or there is one less */

extern struct board *board;
extern struct km_pool *pool;

extern const struct operation operations[];
extern const unsigned n_operations;

/* Blocks of the tester, and spans without an owner. */
void prepare_world(void);

/* The tester gives spans and their tags back, so that others get them. */
void disturb_world(void);

/* ---- kill_step.c: a trial ----------------------------------------------- */

void open_trials(void);
void give_up(const char *what) __attribute__((noreturn));

/* A pool as good as new, with a world in it if the flags want one. */
void open_pool(unsigned flags);

/* It stands before the first instruction of its operation. */
pid_t launch(const struct operation *op, uint32_t slot);

/* One instruction. False: the operation is done. */
bool step(pid_t pid);

/* To the end of the operation. False: it does not get there; too late, or? */
bool go_on(pid_t pid, bool *late);

/* By SIGKILL, if it is still there. */
void end_victim(pid_t pid);

/* Since the last call, but for data that nobody has. */
bool has_changed(void);

/* In a process with a pool of its own, which is as it is now. */
enum verdict ask_judge(const struct operation *op);

/* ---- kill_judge.c ------------------------------------------------------- */

void judge_sums(struct sums *sums);

/* A block from the manager itself: no log line when there is none. */
void *take(size_t size);
void stamp(void *p, size_t size);
bool is_stamped(const void *p, size_t size);

/*
 * In a process that may do what it likes with the pool: the victim (and if
 * `third`, that one) is dead. Returns a verdict, with board->why.
 */
enum verdict judge(const struct operation *op);

#endif
