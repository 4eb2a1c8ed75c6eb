/* SPDX-License-Identifier: ISC */
/* kill_points.h - a participant of a pool is killed at every instruction. */
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
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mem/pool.h"

#define POOL_SIZE ((size_t)1 << 20) /* the largest */
#define MAP_SIZE  (2 * POOL_SIZE)   /* of a pool that grows */
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
	uint64_t fresh;	   /* bytes free in a new pool */
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

/* A manager, and what is different from one to the other. */
struct world {
	const char *manager;
	size_t pool_size;
	const struct operation *operations;
	unsigned n_operations;
	size_t slack; /* bytes, of OP_RUN */

	/* What the tester and others have; board->where. */
	void (*prepare)(void);

	/*
	 * The tester gives back what the victim may stumble over. NULL: who
	 * stops has the lock, and nobody can do anything.
	 */
	void (*disturb)(void);

	/* Since the last call; what a judge looks at is enough. */
	bool (*has_changed)(void);

	/* The kernel marks it when its holder dies. NULL: there is none. */
	pthread_mutex_t *(*lock)(void);

	/* The next one to come does what is left to it. */
	void (*settle)(void);

	/* The manager's own structures; and when all blocks are freed. */
	enum verdict (*check)(void);
	enum verdict (*check_empty)(void);
};

extern struct board *board;
extern struct km_pool *pool;
extern const struct world *world;
extern const struct world world_qm, world_slab;

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

/* Whether these bytes of the pool are others than at the last look. */
bool differs(size_t from, size_t size);

/* In a process with a pool of its own, which is as it is now. */
enum verdict ask_judge(const struct operation *op);

/* ---- kill_rows.c: of slab ----------------------------------------------- */

bool rows_have_changed(void);
enum verdict rows_check(void);
enum verdict rows_check_empty(void);

/* ---- kill_judge.c ------------------------------------------------------- */

void judge_sums(struct sums *sums);

/* Says why; returns the verdict. */
enum verdict verdict_is(enum verdict verdict, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

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
