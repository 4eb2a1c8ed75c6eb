/* SPDX-License-Identifier: ISC */
/* super.c - the supervisor's life: start, serve, stop. */
#include "config.h"

#include <assert.h>
#include <event2/event.h>
#include <malloc.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/chunk.h"
#include "daemon/logsink.h"
#include "daemon/modhost.h"
#include "daemon/param.h"
#include "daemon/proc.h"
#include "daemon/rpcserve.h"
#include "daemon/signals.h"
#include "daemon/strays.h"
#include "daemon/summary.h"
#include "daemon/super.h"
#include "daemon/super_orphans.h"
#include "daemon/super_worker.h"

enum super_state {
	SUPER_STARTING,
	SUPER_FAILED, /* a worker died before all were ready */
	SUPER_SERVING,
	SUPER_STOPPING,
};

static struct {
	struct event_base *base;
	struct signals *signals;
	struct event *deadline; /* of the stop */
	struct event *tick;	/* each second */
	enum super_state state;
	bool late; /* the deadline has passed */
} super;

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	super.late = true;
	event_base_loopbreak(super.base);
	if (super_workers_alive() == 0)
		return;
	LM_WARN("%u workers did not stop within %ld ms (stop_timeout_ms): "
		"killed",
	    super_workers_alive(), param_int(P_STOP_TIMEOUT_MS));
	super_workers_kill();
}

/* The age of a block in seconds is the difference of two of these. */
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	chunk_tick();
	strays_look();
}

static void on_stop_signal(evutil_socket_t sig, short what, void *arg)
{
	LM_NOTICE("signal %d: %s", (int)sig,
	    super_is_stopping() ? "stopping at once" : "stopping");
	super_stop();
}

static void on_hup(evutil_socket_t sig, short what, void *arg)
{
	super_reopen_logs();
}

static void on_usr1(evutil_socket_t sig, short what, void *arg)
{
	summary_start();
}

/* SIGCHLD is not among them: a death is told by a pidfd. */
static const struct signal_row signal_rows[] = {
	{ SIGTERM, on_stop_signal },
	{ SIGINT, on_stop_signal },
	{ SIGHUP, on_hup },
	{ SIGUSR1, on_usr1 },
	{ SIGPIPE, NULL },
	{ 0, NULL },
};

static void on_libevent_log(int severity, const char *text)
{
	static const int levels[] = {
		[EVENT_LOG_DEBUG] = L_DBG,
		[EVENT_LOG_MSG] = L_NOTICE,
		[EVENT_LOG_WARN] = L_WARN,
		[EVENT_LOG_ERR] = L_CRIT,
	};

	if (severity >= 0 && severity <= EVENT_LOG_ERR)
		km_log(levels[severity], "libevent: %s", text);
}

static void on_worker_ready(const struct proc *proc)
{
	if (super.state == SUPER_SERVING)
		LM_NOTICE("worker %d (pid %d) has replaced the dead one",
		    proc->rank, (int)proc->pid);
}

static bool on_worker_died(const struct proc *proc)
{
	if (super.state == SUPER_STARTING)
		super.state = SUPER_FAILED;
	return super.state == SUPER_SERVING;
}

static const struct super_worker_ops worker_ops = {
	.ready = on_worker_ready,
	.died = on_worker_died,
};

/*
 * What is this large comes and goes with one question: it gets pages of its own
 * always, so that none of it stays behind in the heap.  (Unless told, glibc
 * raises this limit each time that such a block is freed.)
 */
#define MMAP_THRESHOLD (128 * 1024) /* bytes */

int super_init(void)
{
	static const struct timeval second = { 1, 0 };

	/* Ignored, as who starts us may have left it, nobody could be reaped.
	 */
	signal(SIGCHLD, SIG_DFL);
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
	event_set_log_callback(on_libevent_log);
	super.state = SUPER_STARTING;
	super.base = event_base_new();
	if (super.base == NULL)
		goto out;
	super.deadline = evtimer_new(super.base, on_deadline, NULL);
	super.tick = event_new(super.base, -1, EV_PERSIST, on_tick, NULL);
	if (super.deadline == NULL || super.tick == NULL ||
	    event_add(super.tick, &second) < 0)
		goto out;
	if (signals_new(super.base, signal_rows, &super.signals) < 0)
		goto out;
	strays_init(super.base);
	if (super_workers_init(super.base, &worker_ops) < 0)
		goto out;
	return 0;
out:
	LM_ERR("cannot make an event loop: %m");
	super_fini();
	return -KM_ENOMEM;
}

static void free_events(void)
{
	summary_drop();
	super_workers_fini();
	strays_fini();
	super_orphans_drop();
	signals_free(&super.signals);
	if (super.deadline != NULL)
		event_free(super.deadline);
	if (super.tick != NULL)
		event_free(super.tick);
	super.deadline = super.tick = NULL;
}

/*
 * The last: what is left to do takes no signal, whose default would end us
 * with a wrong status and the pidfile in place.
 */
void super_fini(void)
{
	signals_block();
	free_events();
	if (super.base != NULL)
		event_base_free(super.base);
	super.base = NULL;
}

void super_leave(void)
{
	free_events();
}

/*
 * The kernel's side of an event loop is shared until it is made anew. Signals
 * have none; libevent would count them twice.
 */
void super_unshare(void)
{
	signals_free(&super.signals);
	if (event_reinit(super.base) != 0)
		LM_BUG("event_reinit failed");
}

struct event_base *super_base(void)
{
	return super.base;
}

bool super_is_stopping(void)
{
	return super.state == SUPER_STOPPING;
}

void super_reopen_logs(void)
{
	logsink_reopen();
	super_workers_reopen_logs();
	LM_NOTICE("logs reopened");
}

static bool is_stopped(void)
{
	return super.state == SUPER_STOPPING && super_workers_alive() == 0 &&
	       (rpcserve_is_idle() || super.late);
}

/* One round: workers are launched here, outside of all event handlers. */
static void turn(void)
{
	super_workers_launch();
	event_base_loop(super.base, EVLOOP_ONCE);
}

int super_start_workers(void)
{
	unsigned all = proc_count() - 1;
	int rc;

	rc = super_workers_launch();
	if (rc == 0)
		rc = modhost_child_init_all(KMEMD_RANK_SUPERVISOR, super.base);
	while (rc == 0 && super.state == SUPER_STARTING &&
	       super_workers_ready() < all)
		event_base_loop(super.base, EVLOOP_ONCE);
	if (rc == 0 && super.state == SUPER_STARTING) {
		super.state = SUPER_SERVING;
		return 0;
	}
	if (!super_is_stopping())
		super_stop();
	else
		LM_ERR("told to stop before the start was complete");
	super_loop();
	return rc < 0 ? rc : -KM_EREADY;
}

void super_loop(void)
{
	while (!is_stopped())
		turn();
}

void super_stop(void)
{
	long ms = param_int(P_STOP_TIMEOUT_MS);
	const struct timeval timeout = { ms / 1000, ms % 1000 * 1000 };

	event_base_loopbreak(super.base);
	if (super_is_stopping()) {
		super.late = true;
		super_workers_kill();
		return;
	}
	super.state = SUPER_STOPPING;
	event_add(super.deadline, &timeout);
	rpcserve_drain();
	super_workers_stop();
}
