/* SPDX-License-Identifier: ISC */
/* super_points.h - a supervisor of kmemd is killed in the middle of its work.
 */
#ifndef TESTS_STRESS_SUPER_POINTS_H
#define TESTS_STRESS_SUPER_POINTS_H
/*
 * The conductor (super_points.c) holds the chunk, as a program that stays
 * attached.  So does a witness, which goes on with it all the time, as do the
 * workers (points_worker.c): they take turns at the board under POINTS_ROOT.
 * What the supervisor is killed at is a row of super_ops.c; super_look.c says
 * whether all is well then, once the next one serves.
 *
 * Lifetime: that of the conductor. Concurrency: its one thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/stress/talk.h"
#include "tests/stress/tracee.h"
#include "tests/stress/worker_points.h"

#define SUPER_WITNESS 0 /* its place at the board: no worker's */

/* Says what, and ends the conductor with all its children. */
void super_fail(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

/* Until it is true, at most a generous while; `what` is the complaint then. */
void super_await(bool (*is)(void), const char *what);

/* The kmemd of now. */
struct super {
	pid_t kmemd; /* 0: none */
	const char *socket;
	struct talk talk;
	struct points *points;
	pid_t witness;
	bool has_run; /* it was a tracee, and has run another program */
};
extern struct super super;

/* By SIGKILL; traced or not. */
void super_kill(void);

/* The chunk's board: until it is off, all others stand by. */
void super_calm(int on);

/* ---- super_ops.c -------------------------------------------------------- */

struct super_op {
	const char *name;
	bool starts;	/* the tracee is the next kmemd, from its start on */
	bool slab_only; /* qm cannot do it */
	void (*prepare)(void);
	void (*ask)(void);     /* of a kmemd that stands still; or NULL */
	bool (*is_done)(void); /* of one that has nothing to do any more */
	/* The next one serves: what has not been done is asked for again. */
	void (*again)(void);
	bool member_stays; /* the member is alive and attached then */
	size_t used;	   /* bytes, more than before */
	void (*clean)(void);
};
extern const struct super_op super_ops[];
extern const unsigned super_n_ops;

/* ---- super_step.c: it goes a step at a time ----------------------------- */

/* The kmemd of now stands still, wherever it was. */
void super_seize(void);
/* The next one, with its path and arguments, at its first instruction. */
void super_start_tracee(char **argv);

/*
 * To its next stop at a system call or, by PTRACE_SINGLESTEP, instruction.
 * False: the operation is done, and it sleeps. A signal is its own, and that it
 * runs another program no stop of ours.
 */
bool super_step(const struct super_op *op, enum __ptrace_request how);

/*
 * Instructions, so many at most, until so many have changed the chunk, or until
 * the next system call. Returns how many have.
 */
unsigned super_go_on(
    const struct super_op *op, unsigned most, unsigned changes);

/* ---- super_member.c: programs that attach ------------------------------- */

/* Bytes that MEMBER_TAKE makes it have: owned ones go with it. */
#define MEMBER_OWNED (100 + 50000)
#define MEMBER_PLAIN (100 + 3000 + 50000)
#define MEMBER_N     3 /* plain blocks */

enum member_order {
	MEMBER_ATTACH,
	MEMBER_TAKE,  /* blocks, owned and plain */
	MEMBER_LEAVE, /* km_detach() */
	MEMBER_WORK,  /* allocate and free owned blocks, until it is killed */
	MEMBER_END,
};

struct member_answer {
	int rc;
	void *block[MEMBER_N]; /* of MEMBER_TAKE */
};

/* One at a time; its pid, 0: none. */
extern pid_t member_pid;
void member_start(void);
void member_tell(enum member_order order);
/* False: it has not answered yet. */
bool member_hear(struct member_answer *answer);
/* Wait for it. */
struct member_answer member_await(void);
/* Tell and wait; anything but 0 is a failure. */
void member_do(enum member_order order);
void member_kill(void);

void witness_start(void);

/* `super_points --member FD`, `super_points --witness`: exit status. */
int member_main(int fd);
int witness_main(void);

/* ---- super_look.c ------------------------------------------------------- */

/* Bytes used now, and before any operation. */
size_t look_used(void);
size_t look_used_before(void);

/* All stand by, and nobody but those who stay is there: that is to come back.
 */
void look_before(void);

/* So many bytes used more than before, the member there or not. */
bool look_is_well(size_t more, bool member, char *why, size_t size);

/* What a supervisor holds that has taken over, without any operation. */
void look_at_heir(void);
/* The same again. */
bool look_is_heir(char *why, size_t size);

#endif
