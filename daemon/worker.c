/* SPDX-License-Identifier: ISC */
/* worker.c - a worker process, from its fork to its exit. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/chan.h"
#include "daemon/chunk.h"
#include "daemon/logsink.h"
#include "daemon/modhost.h"
#include "daemon/module.h"
#include "daemon/param.h"
#include "daemon/pkgpool.h"
#include "daemon/privs.h"
#include "daemon/proc.h"
#include "daemon/reason.h"
#include "daemon/service.h"
#include "daemon/signals.h"
#include "daemon/summary.h"
#include "daemon/title.h"
#include "daemon/worker.h"
#include "mem/pool.h"
#include "mem/slot.h"

static struct {
	struct event_base *base;
	struct chan *chan; /* NULL in the supervisor */
	int rank;
	pid_t supervisor;
} worker;

static void on_stop(void *arg, const char *text)
{
	event_base_loopbreak(worker.base);
}

static void on_log_reopen(void *arg, const char *text)
{
	logsink_reopen();
}

static void on_closed(void *arg)
{
	LM_NOTICE("worker %d: the supervisor has gone, exiting", worker.rank);
	event_base_loopbreak(worker.base);
}

static const struct chan_ops ops = {
	.on = {
		[CHAN_STOP] = on_stop,
		[CHAN_LOG_REOPEN] = on_log_reopen,
	},
	.closed = on_closed,
};

static void on_term(evutil_socket_t sig, short what, void *arg)
{
	event_base_loopbreak(worker.base);
}

static void on_usr1(evutil_socket_t sig, short what, void *arg)
{
	summary_log();
}

/*
 * SIGINT and SIGHUP come to the whole foreground group of a terminal: they
 * are the supervisor's to act on.
 */
static const struct signal_row signal_rows[] = {
	{ SIGTERM, on_term },
	{ SIGUSR1, on_usr1 },
	{ SIGINT, NULL },
	{ SIGHUP, NULL },
	{ SIGPIPE, NULL },
	{ 0, NULL },
};

int km_workers(void)
{
	return (int)param_int(P_WORKERS);
}

void km_set_desc(const char *desc)
{
	if (worker.chan != NULL)
		chan_send(worker.chan, CHAN_DESC, desc);
	else if (proc_at(0) != NULL)
		proc_set_desc(proc_at(0), desc);
}

/*
 * The default action of SIGALRM ends a worker that does not see its loop. The
 * signal is SIGCONT, so that one that is stopped sees it.
 */
static void on_orphaned(int sig)
{
	if (getppid() != worker.supervisor)
		alarm((unsigned)(param_int(P_STOP_TIMEOUT_MS) / 1000 + 1));
}

/*
 * Die with the supervisor: its end of the channel closes, and a signal sees to
 * a worker that is too busy, or stopped, to notice.
 */
static int follow(void)
{
	signal(SIGCONT, on_orphaned);
	if (prctl(PR_SET_PDEATHSIG, SIGCONT) != 0) {
		LM_ERR("worker %d: prctl: %m", worker.rank);
		return -KM_ESYS;
	}
	if (getppid() != worker.supervisor) {
		LM_ERR("worker %d: the supervisor has gone", worker.rank);
		return -KM_ECLOSED;
	}
	return 0;
}

static void set_names(void)
{
	char title[32];

	snprintf(title, sizeof(title), "kmemd: worker %d", worker.rank);
	title_set("kmemd", title);
	logsink_set_rank(worker.rank);
}

static int start(int chan_fd, struct signals **signals)
{
	int rc;

	worker.base = event_base_new();
	if (worker.base == NULL) {
		close(chan_fd);
		return -KM_ENOMEM;
	}
	rc = chan_new(worker.base, chan_fd, &ops, NULL, &worker.chan);
	if (rc == 0)
		rc = signals_new(worker.base, signal_rows, signals);
	if (rc < 0)
		return rc;
	rc = param_int(P_MLOCK_PAGES) ? privs_lock_memory() : 0;
	if (rc == 0)
		rc = modhost_child_init_all(worker.rank, worker.base);
	if (rc < 0)
		return rc;
	service_settle();
	return chan_send(worker.chan, CHAN_READY, NULL);
}

/*
 * The supervisor's loop that was inherited stays as it is: it may list events
 * of modules, in memory that went with them.
 */
static void finish(struct signals **signals)
{
	modhost_destroy_all();
	/* What is left now, modules have lost. Of shm the supervisor tells. */
	summary_log_pkg();
	signals_free(signals);
	chan_free(&worker.chan);
	if (worker.base != NULL)
		event_base_free(worker.base);
	libevent_global_shutdown();
}

void worker_name_slot(const struct proc *proc, pid_t pid)
{
	char name[32];

	snprintf(name, sizeof(name), "worker %d", proc->rank);
	slot_set(chunk_pool(), proc->slot, pid, proc->rank, name);
}

/*
 * False: our supervisor died meanwhile, and the next kmemd may have given the
 * slot to somebody else.
 */
static bool take_slot(const struct proc *proc)
{
	const struct pool_slot *slot =
	    (struct pool_slot *)pool_at(chunk_pool(), chunk_pool()->slots) +
	    proc->slot;

	if (slot_pass_claim(chunk_pool(), proc->slot, worker.supervisor))
		worker_name_slot(proc, getpid());
	return __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) == SLOT_LIVE &&
	       slot->pid == getpid();
}

/*
 * Until follow() there is nothing to be ended well. But it may not be known
 * that the slot is ours: were we stopped in here, say, the next kmemd would not
 * know of us.
 */
static bool die_with_supervisor(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
	       getppid() == worker.supervisor;
}

_Noreturn void worker_run(const struct proc *proc, int chan_fd)
{
	struct signals *signals = NULL;
	int rc;

	worker.supervisor = proc_at(0)->pid;
	if (!die_with_supervisor())
		_exit(EXIT_FAILURE);
	param_be_process(proc->index);
	if (pkgpool_enter(proc) < 0)
		_exit(EXIT_FAILURE);
	worker.rank = proc->rank;
	if (!take_slot(proc))
		_exit(EXIT_FAILURE);
	pool_use(KM_SHM, chunk_pool(), proc->slot);
	service_leave();
	set_names();
	rc = follow();
	if (rc == 0)
		rc = start(chan_fd, &signals);
	if (rc < 0)
		LM_ERR("worker %d: cannot start: %s", worker.rank, reason(rc));
	else
		event_base_dispatch(worker.base);
	finish(&signals);
	exit(rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}
