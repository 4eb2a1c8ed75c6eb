/* SPDX-License-Identifier: ISC */
/* jobs.c - long work takes turns, so that none of it stops the loop. */
#include "config.h"

#include <event2/event.h>
#include <stdbool.h>

#include "base/err.h"
#include "daemon/jobs.h"
#include "daemon/super.h"

TAILQ_HEAD(job_list, job);

static struct {
	struct job_list running; /* the first one has the next turn */
	struct job_list waiting; /* in the order they came */
	struct event *turn;	 /* while there are some */
} jobs = {
	.running = TAILQ_HEAD_INITIALIZER(jobs.running),
	.waiting = TAILQ_HEAD_INITIALIZER(jobs.waiting),
};

static struct job *find(const struct job_list *list, const void *connection)
{
	struct job *job;

	TAILQ_FOREACH(job, list, link)
	if (job->connection == connection)
		return job;
	return NULL;
}

static void take_out(struct job *job)
{
	struct job *other;

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
	struct job *job = TAILQ_FIRST(&jobs.running);

	evtimer_add(jobs.turn, &at_once);
	TAILQ_REMOVE(&jobs.running, job, link);
	TAILQ_INSERT_TAIL(&jobs.running, job, link);
	job->step(job);
}

int jobs_add(struct job *job)
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

void jobs_end(struct job *job)
{
	struct job *next = find(&jobs.waiting, job->connection);

	take_out(job);
	if (next != NULL) {
		TAILQ_REMOVE(&jobs.waiting, next, link);
		TAILQ_INSERT_TAIL(&jobs.running, next, link);
	}
	rest_if_empty();
}

void jobs_cancel(struct job *job)
{
	take_out(job);
	rest_if_empty();
}
