/* SPDX-License-Identifier: ISC */
/* super_worker.c - launch, ready, death and replacement of workers. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/chan.h"
#include "daemon/chunk.h"
#include "daemon/group.h"
#include "daemon/param.h"
#include "daemon/pkgpool.h"
#include "daemon/proc.h"
#include "daemon/reason.h"
#include "daemon/signals.h"
#include "daemon/super_orphans.h"
#include "daemon/super_worker.h"
#include "daemon/worker.h"
#include "mem/pool.h"
#include "mem/slot.h"

struct super_worker {
	struct proc *proc;
	struct chan *chan;   /* NULL: not alive */
	struct event *died;  /* its pidfd is readable */
	struct event *timer; /* starting: too late; dead: the pause is over */
	int pidfd;
	bool due;	  /* launch it as soon as the loop is left */
	long pause_ms;	  /* before the next replacement */
	long launched_ms; /* monotonic */
};

static struct {
	struct event_base *base;
	const struct super_worker_ops *ops;
	struct super_worker *workers;
	unsigned count;
} super;

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_timer(struct super_worker *w, long ms)
{
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(w->timer, &tv);
}

static void kill_one(const struct super_worker *w)
{
	if (w->pidfd >= 0 &&
	    syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0) != 0)
		LM_ERR("cannot kill worker %d (pid %d): %m", w->proc->rank,
		    (int)w->proc->pid);
}

/* Ready, and what it says of itself. */

static void on_ready(void *arg, const char *text)
{
	struct super_worker *w = arg;

	if (w->proc->state != PROC_STARTING)
		return;
	event_del(w->timer);
	w->proc->state = PROC_READY;
	LM_DBG("worker %d (pid %d) is ready after %ld ms", w->proc->rank,
	    (int)w->proc->pid, now_ms() - w->launched_ms);
	super.ops->ready(w->proc);
}

static void on_desc(void *arg, const char *text)
{
	struct super_worker *w = arg;

	proc_set_desc(w->proc, text);
}

static const struct chan_ops chan_ops = {
	.on = {
		[CHAN_READY] = on_ready,
		[CHAN_DESC] = on_desc,
	},
	/* closed: it dies or is about to, which its pidfd tells. */
};

/* Death and replacement. */

/* Doubles while it keeps dying young, and starts anew when it lived long. */
static void pause_before_launch(struct super_worker *w)
{
	long max = param_int(P_RESTART_BACKOFF_MAX_MS);
	long min = param_int(P_RESTART_BACKOFF_MIN_MS);

	if (w->pause_ms == 0 || now_ms() - w->launched_ms > max)
		w->pause_ms = min < max ? min : max;
	LM_NOTICE(
	    "worker %d is started again in %ld ms", w->proc->rank, w->pause_ms);
	set_timer(w, w->pause_ms);
	w->pause_ms = 2 * w->pause_ms < max ? 2 * w->pause_ms : max;
}

/* It is gone: close what was held of it. Its pkg pool stays, to be looked at.
 */
static void release(struct super_worker *w)
{
	event_del(w->timer);
	chan_free(&w->chan);
	if (w->died != NULL)
		event_free(w->died);
	w->died = NULL;
	if (w->pidfd >= 0)
		close(w->pidfd);
	w->pidfd = -1;
}

/* One that dies before it is ready may be why the service does not start. */
static void log_death(const struct proc *proc)
{
	bool early = proc->state == PROC_STARTING;
	int level = early ? L_ERR : L_WARN;
	char how[80];

	if (proc->state == PROC_STOPPING && proc->exit_status == 0)
		level = L_DBG;
	km_log(level, "worker %d (pid %d) %s%s", proc->rank, (int)proc->pid,
	    proc_exit_text(proc->exit_status, how, sizeof(how)),
	    early ? " before it was ready" : "");
}

static void on_died(evutil_socket_t fd, short what, void *arg)
{
	struct super_worker *w = arg;
	bool replace;

	if (waitpid(w->proc->pid, &w->proc->exit_status, WNOHANG) == 0)
		return;
	release(w);
	log_death(w->proc);
	slot_dead_process(chunk_pool(), w->proc->slot);
	if (w->proc->state != PROC_STOPPING)
		super_orphans_start(w->proc->slot);
	replace = super.ops->died(w->proc);
	w->proc->state = PROC_DEAD;
	if (replace)
		pause_before_launch(w);
	else
		event_base_loopbreak(super.base); /* it may be the last one */
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct super_worker *w = arg;

	if (w->proc->state == PROC_STARTING) {
		LM_ERR("worker %d (pid %d) was not ready within %ld ms "
		       "(ready_timeout_ms): killed",
		    w->proc->rank, (int)w->proc->pid,
		    param_int(P_READY_TIMEOUT_MS));
		kill_one(w);
	} else {
		w->due = true;
		/* A busy loop returns only when it is told to. */
		event_base_loopbreak(super.base);
	}
}

/* Launch. */

static int claim_slot(struct proc *proc)
{
	int rc = slot_claim(chunk_pool(), &proc->slot);

	if (rc < 0)
		LM_ERR("worker %d: no free slot in the shm pool: live blocks "
		       "of dead processes hold them all",
		    proc->rank);
	return rc;
}

/* In the parent: what is needed to follow the child. */
static int follow(struct super_worker *w, int chan_fd)
{
	int rc = chan_new(super.base, chan_fd, &chan_ops, w, &w->chan);

	if (rc < 0)
		return rc;
	w->pidfd = (int)syscall(SYS_pidfd_open, w->proc->pid, 0);
	if (w->pidfd < 0) {
		LM_ERR("pidfd_open: %m (Linux 5.3 or later is needed)");
		return -KM_ESYS;
	}
	w->died =
	    event_new(super.base, w->pidfd, EV_READ | EV_PERSIST, on_died, w);
	if (w->died == NULL || event_add(w->died, NULL) != 0)
		return -KM_ENOMEM;
	return 0;
}

static void set_row(struct proc *proc, pid_t pid)
{
	char desc[PROC_DESC_SIZE];

	snprintf(desc, sizeof(desc), "worker child=%d", proc->rank - 1);
	proc_set_launched(proc, pid, desc);
	worker_name_slot(proc, pid);
}

static int fork_worker(struct super_worker *w, bool *forked)
{
	int fd[2];
	pid_t pid;

	if (chan_pair(fd) < 0)
		return -KM_ESYS;
	fflush(NULL);
	group_start_process(w->proc->index);
	signals_block();
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		worker_run(w->proc, fd[1]);
	}
	signals_unblock();
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return -KM_ESYS;
	}
	*forked = true;
	set_row(w->proc, pid);
	return follow(w, fd[0]);
}

static int launch(struct super_worker *w)
{
	bool forked = false;
	int rc;

	w->due = false;
	w->launched_ms = now_ms();
	rc = pkgpool_copy(w->proc);
	if (rc == 0)
		rc = claim_slot(w->proc);
	if (rc < 0)
		return rc;
	rc = fork_worker(w, &forked);
	if (rc == 0) {
		set_timer(w, param_int(P_READY_TIMEOUT_MS));
		return 0;
	}
	LM_ERR("cannot launch worker %d: %s", w->proc->rank, reason(rc));
	release(w);
	if (forked) {
		kill(w->proc->pid, SIGKILL);
		waitpid(w->proc->pid, &w->proc->exit_status, 0);
		w->proc->state = PROC_DEAD;
	}
	slot_dead(chunk_pool(), w->proc->slot);
	return rc;
}

int super_workers_launch(void)
{
	int first = 0;

	for (unsigned i = 0; i < super.count; i++) {
		struct super_worker *w = &super.workers[i];
		int rc;

		if (!w->due)
			continue;
		rc = launch(w);
		if (rc < 0) {
			pause_before_launch(w);
			first = first < 0 ? first : rc;
		}
	}
	return first;
}

/* All of them. */

void super_workers_stop(void)
{
	for (unsigned i = 0; i < super.count; i++) {
		struct super_worker *w = &super.workers[i];

		event_del(w->timer);
		w->due = false;
		if (!proc_is_alive(w->proc))
			continue;
		w->proc->state = PROC_STOPPING;
		/* One that does not read is killed when its time is up. */
		if (chan_send(w->chan, CHAN_STOP, NULL) == -KM_EBUSY)
			LM_WARN("worker %d (pid %d) does not take messages",
			    w->proc->rank, (int)w->proc->pid);
	}
}

void super_workers_kill(void)
{
	for (unsigned i = 0; i < super.count; i++)
		kill_one(&super.workers[i]);
}

void super_workers_reopen_logs(void)
{
	for (unsigned i = 0; i < super.count; i++)
		if (super.workers[i].chan != NULL)
			chan_send(super.workers[i].chan, CHAN_LOG_REOPEN, NULL);
}

unsigned super_workers_alive(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < super.count; i++)
		n += proc_is_alive(super.workers[i].proc);
	return n;
}

unsigned super_workers_ready(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < super.count; i++)
		n += super.workers[i].proc->state == PROC_READY;
	return n;
}

int super_workers_init(
    struct event_base *base, const struct super_worker_ops *ops)
{
	unsigned n = proc_count() - 1;

	super.workers = calloc(n + 1, sizeof(*super.workers));
	if (super.workers == NULL)
		return -KM_ENOMEM;
	super.base = base;
	super.ops = ops;
	for (super.count = 0; super.count < n; super.count++) {
		struct super_worker *w = &super.workers[super.count];

		w->proc = proc_at(super.count + 1);
		w->pidfd = -1;
		w->due = true;
		w->timer = evtimer_new(base, on_timer, w);
		if (w->timer == NULL) {
			super_workers_fini();
			return -KM_ENOMEM;
		}
	}
	return 0;
}

void super_workers_fini(void)
{
	for (unsigned i = 0; i < super.count; i++) {
		release(&super.workers[i]);
		event_free(super.workers[i].timer);
	}
	free(super.workers);
	super.workers = NULL;
	super.count = 0;
}
