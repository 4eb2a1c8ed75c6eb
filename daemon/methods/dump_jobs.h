/* SPDX-License-Identifier: ISC */
/* dump_jobs.h - dumps take turns, so that no number of them stops the loop. */
#ifndef KMEMD_METHODS_DUMP_JOBS_H
#define KMEMD_METHODS_DUMP_JOBS_H
/*
 * One slice of one dump runs in each turn of the event loop, whoever asks for
 * how many.  Of the dumps of one connection the first one runs, the others
 * wait with no memory but their request; those of several connections run side
 * by side.
 *
 * Lifetime: a job is borrowed from dump_jobs_add() to its end or cancelling.
 * Concurrency: the supervisor's one thread.
 */
#include <sys/queue.h>

struct dump_job {
	TAILQ_ENTRY(dump_job) link;
	const void *connection; /* opaque; NULL is one as well */
	/* Runs a slice; the last one ends the job. */
	void (*step)(struct dump_job *job);
};

/* 0, or -KM_ENOMEM: then it is not there. */
int dump_jobs_add(struct dump_job *job);

/* It is done: the next one of its connection may run. */
void dump_jobs_end(struct dump_job *job);

/* Its connection goes, and with it all that wait there: none is started. */
void dump_jobs_cancel(struct dump_job *job);

#endif
