/* SPDX-License-Identifier: ISC */
/* storm.h - participants of a real kmemd are killed at random instants. */
#ifndef TESTS_STORM_H
#define TESTS_STORM_H
/*
 * The conductor starts kmemd and the crew: programs that attach, and workers
 * of kmemd with the module storm.so.  They allocate, resize, and free each
 * other's blocks, which pass through the cells of the board: memory that they
 * share outside of the pool.  A cell is EMPTY, FULL (its block is live, as it
 * says), or in the hand of one thread, whose state says for what; so after a
 * kill it is known which one operation was under way.  The board is the model
 * that the judge holds the pool to.
 *
 * Lifetime: the board that of the conductor.
 * Concurrency: a cell changes hands by CAS; only its hand writes the rest, and
 * the judge, when all others stand still.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define N_CELLS	  16384u
#define N_OUTSIDE 4u /* programs */
#define N_WORKERS 2u
#define N_SEATS	  (N_OUTSIDE + N_WORKERS)
#define N_HANDS	  2u /* threads of a seat, at most */

enum cell_state {
	CELL_EMPTY,
	CELL_FULL,
	CELL_ALLOC, /* these three: of a hand, see cell_held() */
	CELL_FREE,
	CELL_RESIZE
};

struct cell {
	uint32_t state;
	uint32_t is_stamped;
	uint64_t stamp;
	void *p;     /* not of CELL_ALLOC */
	size_t size; /* the same */
	size_t to;   /* CELL_ALLOC, CELL_RESIZE: bytes asked for */
};

static inline uint32_t cell_held(enum cell_state state, uint32_t hand)
{
	return (uint32_t)state | (hand + 1) << 8;
}

enum hand_state {
	HAND_NONE,
	HAND_AT_WORK,
	HAND_STILL
};

struct seat {
	int32_t pid; /* 0: nobody, or not there yet */
	uint32_t hand[N_HANDS];
	uint64_t n_ops;
};

/* What a participant does wrong, to see that it is found. */
enum spoil {
	SPOIL_NOTHING,
	SPOIL_LOSE,  /* forgets a block */
	SPOIL_FREE,  /* frees a block that is still in a cell */
	SPOIL_WRITE, /* writes to a block that is not its own */
	SPOIL_HANG,  /* does not go on */
	SPOIL_DEAF,  /* kmemd is stopped: nobody is recovered */
	SPOIL__COUNT
};

struct board {
	uint32_t halt; /* a futex; 1: stand still between two operations */
	uint32_t quit;
	uint32_t spoil; /* enum spoil; taken by who does it */
	uint32_t tide;	/* of 256: empty cells that are left so */
	uint64_t n_stamps;
	uint64_t n_twice;   /* blocks that others have written to */
	uint64_t n_bugs;    /* lines of the library about blocks */
	uint64_t n_refused; /* malloc said NULL */
	struct seat seat[N_SEATS];
	struct cell cell[N_CELLS];
};

#define STORM_BOARD_ENV "KMEM_STORM_BOARD" /* path of its file */

/* ---- storm_part.c: a participant ---------------------------------------- */

/* Returns NULL when there is no storm. */
struct board *storm_board_map(void);

/* One thread of a participant. */
struct hand {
	struct board *board;
	uint32_t seat, number; /* the number among all hands */
	uint64_t random;
};
void storm_hand_init(struct hand *hand, struct board *board, uint32_t seat,
    uint32_t which, uint64_t seed);

/* So many operations, or fewer: when it is to quit. */
void storm_work(struct hand *hand, unsigned n);

uint64_t storm_random(uint64_t *state);
bool storm_is_stamped(const struct cell *cell);

/* The program: `storm --seat N SEED`, `storm --drain`. Exit status. */
int storm_part_main(uint32_t seat, uint64_t seed);
int storm_drain_main(void);

/* ---- storm_judge.c ------------------------------------------------------ */

struct verdicts {
	unsigned long deadlocks, inconsistent, bytes_lost, twice;
	unsigned long orphans; /* blocks that the dead had just taken */
};

/* The pool as it is, before anybody takes part. */
int judge_open(struct board *board);

/* All stand still; hands of these seats are dead, and recovered. */
void judge_look(const bool dead[N_SEATS], struct verdicts *v);

/* All is free again, and nobody takes part. */
void judge_end(struct verdicts *v);

/* Slots of this process that are not settled. */
bool judge_is_recovered(int32_t pid);

/* ---- storm_crew.c ------------------------------------------------------- */

struct crew {
	struct board *board;
	const char *kmemd, *modules;
	char dir[80];
	pid_t supervisor;
	pid_t pid[N_OUTSIDE];
	uint64_t seed, n_spawned, n_started;
};

uint64_t storm_now_us(void);

/* For what takes milliseconds; a machine may be busy. */
extern unsigned storm_patience_s;

int crew_open(struct crew *crew);
int crew_start_kmemd(struct crew *crew);
void crew_kill_kmemd(struct crew *crew);
void crew_spawn(struct crew *crew, uint32_t seat);

/* A last participant frees what is in cells. Returns its pid, or -1. */
int32_t crew_drain(void);
/* Lines of kmemd and its workers about bugs. */
unsigned long crew_count_bugs(const struct crew *crew);
void crew_close(struct crew *crew, bool tell);

/* Until it is true, at most a generous while. */
bool storm_await(bool (*is)(void *arg), void *arg);

/* False: somebody does not stand still. */
bool crew_halt(struct crew *crew);
void crew_resume(struct crew *crew);

#endif
