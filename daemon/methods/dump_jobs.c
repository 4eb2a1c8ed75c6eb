/* SPDX-License-Identifier: ISC */
/* dump_jobs.c - dumps take turns, so that no number of them stops the loop. */
#include "config.h"

#include <event2/event.h>
#include <stdbool.h>

#include "base/err.h"
#include "daemon/methods/dump_jobs.h"
#include "daemon/super.h"

TAILQ_HEAD(job_list, dump_job);

static struct {
	struct job_list running; /* the first one has the next turn */
	struct job_list waiting; /* in the order they came */
	struct event *turn;	 /* while there are some */
} jobs = {
	.running = TAILQ_HEAD_INITIALIZER(jobs.running),
	.waiting = TAILQ_HEAD_INITIALIZER(jobs.waiting),
};

static struct dump_job *find(
    const struct job_list *list, const void *connection)
{
	struct dump_job *job;

	TAILQ_FOREACH(job, list, link)
	if (job->connection == connection)
		return job;
	return NULL;
}

static void take_out(struct dump_job *job)
{
	struct dump_job *other;

	TAILQ_FOREACH(other, &jobs.running, link)
	if (other == job) {
		TAILQ_REMOVE(&jobs.running, job, link);
		return;
	}
	TAILQ_REMOVE(&jobs.waiting, job, link);
}

static void rest_if_empty(void)
{
	if (!TAILQ_EMPTY(&jobs.running) || jobs.turn == NULL)
		return;
	event_free(jobs.turn);
	jobs.turn = NULL;
}

static void take_turn(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval at_once = { 0, 0 };
	struct dump_job *job = TAILQ_FIRST(&jobs.running);

	evtimer_add(jobs.turn, &at_once);
	TAILQ_REMOVE(&jobs.running, job, link);
	TAILQ_INSERT_TAIL(&jobs.running, job, link);
	job->step(job);
}

int dump_jobs_add(struct dump_job *job)
{
	static const struct timeval at_once = { 0, 0 };

	if (jobs.turn == NULL) {
		jobs.turn = evtimer_new(super_base(), take_turn, NULL);
		if (jobs.turn == NULL)
			return -KM_ENOMEM;
		evtimer_add(jobs.turn, &at_once);
	}
	if (find(&jobs.running, job->connection) == NULL)
		TAILQ_INSERT_TAIL(&jobs.running, job, link);
	else
		TAILQ_INSERT_TAIL(&jobs.waiting, job, link);
	return 0;
}

void dump_jobs_end(struct dump_job *job)
{
	struct dump_job *next = find(&jobs.waiting, job->connection);

	take_out(job);
	if (next != NULL) {
		TAILQ_REMOVE(&jobs.waiting, next, link);
		TAILQ_INSERT_TAIL(&jobs.running, next, link);
	}
	rest_if_empty();
}

void dump_jobs_cancel(struct dump_job *job)
{
	take_out(job);
	rest_if_empty();
}
