/* SPDX-License-Identifier: ISC */
/* jobs.c - long work takes turns, so that none of it stops the loop. */
#include "config.h"

#include <event2/event.h>
#include <stdbool.h>

#include "base/err.h"
#include "daemon/jobs.h"
#include "daemon/super.h"

/* Each holds the tree of its reply: together they stay below 8 MB. */
#define AT_ONCE 4

TAILQ_HEAD(job_list, job);

static struct {
	struct job_list running; /* the first one has the next turn */
	struct job_list waiting; /* in the order they came */
	unsigned n_running;
	struct event *turn; /* while there are some */
} jobs = {
	.running = TAILQ_HEAD_INITIALIZER(jobs.running),
	.waiting = TAILQ_HEAD_INITIALIZER(jobs.waiting),
};

static bool is_running(const void *connection)
{
	const struct job *job;

	TAILQ_FOREACH(job, &jobs.running, link)
	if (job->connection == connection)
		return true;
	return false;
}

/* One that may run, of another connection than the one that just has; NULL. */
static struct job *find_waiting(const void *other_than)
{
	struct job *job;

	TAILQ_FOREACH(job, &jobs.waiting, link)
	if (job->connection != other_than && !is_running(job->connection))
		return job;
	return NULL;
}

static void run(struct job *job)
{
	TAILQ_REMOVE(&jobs.waiting, job, link);
	TAILQ_INSERT_TAIL(&jobs.running, job, link);
	jobs.n_running++;
}

/* Fill free places; a connection that has just had one comes last. */
static void run_waiting(const void *had_one)
{
	struct job *job;

	while (jobs.n_running < AT_ONCE) {
		job = find_waiting(had_one);
		if (job == NULL)
			job = find_waiting(&jobs);
		if (job == NULL)
			return;
		run(job);
	}
}

static void take_out(struct job *job)
{
	struct job *other;

	TAILQ_FOREACH(other, &jobs.running, link)
	if (other == job) {
		TAILQ_REMOVE(&jobs.running, job, link);
		jobs.n_running--;
		return;
	}
	TAILQ_REMOVE(&jobs.waiting, job, link);
}

static void rest_if_empty(void)
{
	if (jobs.n_running > 0 || jobs.turn == NULL)
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
	TAILQ_INSERT_TAIL(&jobs.waiting, job, link);
	run_waiting(&jobs);
	return 0;
}

void jobs_end(struct job *job)
{
	take_out(job);
	run_waiting(job->connection);
	rest_if_empty();
}
