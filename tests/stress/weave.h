/* SPDX-License-Identifier: ISC */
/* weave.h - all interleavings of two participants of slab, and a kill. */
#ifndef TESTS_WEAVE_H
#define TESTS_WEAVE_H
/*
 * The sources of slab are compiled a second time, so that each atomic access
 * is a step (weave_step.h).  Two actors are coroutines that run this code; the
 * explorer takes every order of their steps, depth first, and each state of the
 * pool and of the actors once.  Stores wait in a buffer of the actor, as on
 * x86-64, and become visible in their order at any later moment.  An actor may
 * be killed before any step; then recovery runs, as one step, at any later
 * moment.  In the end the judge looks at the pool.
 *
 * A step ends only before an access that others take part in: a place that one
 * actor alone uses, or all only read, is met in no order worth trying.  Which
 * those are is found out on the way; then all begins anew.
 *
 * Concurrency: one thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem/slab_part.h"

#define N_ACTORS  2u
#define RECOVERER N_ACTORS /* its number, where accesses are noted */
#define NOBODY	  UINT32_MAX
#define N_BUFFER  4u
#define N_HELD	  8u

struct pending {
	void *p;
	size_t n;
	uint64_t value;
};

struct actor {
	void *resume[5]; /* of __builtin_setjmp */
	struct pending buffer[N_BUFFER];
	uint32_t n_buffer;
	bool is_done, is_dead, is_settled;
	uint32_t at;		/* in its script */
	char doing;		/* M, F or X while it is */
	void *what;		/* is freed */
	void *held[N_HELD];	/* oldest first; blocks of its own */
	uint32_t n_held, n_old; /* the first of them: from before */
};
extern struct actor actors[N_ACTORS];

/* ---- weave_world.c: what they do ---------------------------------------- */

struct scenario {
	const char *name;
	/*
	 * What each does: M take a block, F free the oldest of its own, X free
	 * the oldest of the other, if it is from before, L take one of another
	 * class, T trim pages of tags, Z end.
	 */
	const char *script[N_ACTORS];
	unsigned live; /* blocks of the first, before; X frees them in turn */
	bool is_full;  /* there are no more pages */
};
extern const struct scenario scenarios[];
extern const unsigned n_scenarios;

void world_make(const struct scenario *scenario);
void world_break(void);

/* Memory that a state consists of, but stacks. */
struct region {
	void *at;
	size_t n;
};
#define N_REGIONS 64u
unsigned world_regions(struct region regions[N_REGIONS]);

/* The script of one, to its end. */
void world_act(uint32_t actor);

/* What the dead has left is settled. */
void world_recover(uint32_t dead);

/* NULL, or what is wrong. Changes the pool. */
const char *world_judge(void);

/* ---- weave_mem.c -------------------------------------------------------- */

/* Who runs; NOBODY: what happens is no step. */
extern uint32_t weave_current;

/* What an actor has found to be wrong; NULL: nothing. */
extern const char *weave_what_is_wrong;
void weave_wrong(const char *what);

/* A place turned out to be shared after it was passed: begin anew. */
extern bool weave_again;
void weave_forget_passes(void);
void weave_forget_places(void);

/* Up to its first step; one step. */
void weave_start(uint32_t actor);
void weave_run(uint32_t actor);
struct region weave_stack(uint32_t actor);

/* Of what it has stored the oldest, or all, become visible. */
void weave_flush_one(struct actor *a);
void weave_flush(struct actor *a);

/* ---- weave.c ------------------------------------------------------------ */

/* Whether this is left out, to see that it is missed. */
bool weave_is_without(const char *what);

#endif
