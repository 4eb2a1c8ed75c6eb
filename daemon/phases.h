/* SPDX-License-Identifier: ISC */
/* phases.h - what a program starts in order, and stops in reverse. */
#ifndef KMEMD_PHASES_H
#define KMEMD_PHASES_H
/*
 * Lifetime: a table is static.
 * Concurrency: one thread.
 */
#include <stddef.h>

/* What a start may return other than 0: nothing more is to be started. */
#define PHASE_DONE 1

struct phase {
	const char *name;
	/*
	 * 0; PHASE_DONE; or < 0, having logged why and cleaned up after
	 * itself. If not 0, those before it are stopped. NULL: nothing to do.
	 */
	int (*start)(void);
	void (*stop)(void);
	/* In a worker, right after the fork: let go of what is not its own. */
	void (*leave)(void);
};

/* A table and how far it has got. Ends with a row whose name is NULL. */
struct phases {
	const struct phase *table;
	size_t started; /* rows that run */
};

/*
 * Start them in order. Returns 0; or what one returned that was not 0, with
 * all before it stopped again.
 */
int phases_start(struct phases *phases);

/* Stop those that were started, last first. */
void phases_stop(struct phases *phases);

/* Leave those that were started, last first; then none is started. */
void phases_leave(struct phases *phases);

#endif
