/* SPDX-License-Identifier: ISC */
/* jobs.h - long work takes turns, so that none of it stops the loop. */
#ifndef KMEMD_JOBS_H
#define KMEMD_JOBS_H
/*
 * One slice of one job runs in each turn of the event loop, whoever asks for
 * how many.  Of the jobs of one connection one runs, and a few of all
 * connections side by side; the others wait, with no memory but their request.
 *
 * Lifetime: a job is borrowed from jobs_add() to jobs_end().
 * Concurrency: the supervisor's one thread.
 */
#include <sys/queue.h>

struct job {
	TAILQ_ENTRY(job) link;
	const void *connection; /* opaque; NULL is one as well */
	/* Runs a slice; the last one ends the job. */
	void (*step)(struct job *job);
};

/* 0, or -KM_ENOMEM: then it is not there. */
int jobs_add(struct job *job);

/*
 * It is done, or its connection goes: the next one may run. What waits for a
 * connection that goes is ended before its turn comes.
 */
void jobs_end(struct job *job);

#endif
