/* SPDX-License-Identifier: ISC */
/* replay.c - the module: parameters, events and log lines of a replay. */
#include "config.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/module.h"
#include "daemon/modules/replay/board.h"
#include "daemon/modules/replay/plan.h"
#include "daemon/modules/replay/player.h"
#include "daemon/modules/replay/runner.h"
#include "daemon/modules/replay/trace.h"

#define SLICE_OPS    256	/* then other events have their turn */
#define WAIT_NS	     250000000	/* a waker that was killed is made up for */
#define PACED_NS_MAX 1000000000 /* of one sleep */
#define PAUSE_NS     50000000	/* between two looks whether it is over */
#define RATE_MAX     1000000000 /* operations per second */
#define NS_PER_S     1000000000ULL
#define LINE_SIZE    256

static struct {
	/* parameters */
	const char *file;
	const char *speed_text;
	int loops;
	int hold;
	struct km_var *pause;

	uint64_t paused_ns; /* CLOCK_MONOTONIC: since when; 0: it is not */
	struct runner_speed speed;
	struct trace *trace;
	struct plan *plan;
	struct board *board;
	struct player *player;
	struct runner runner;
	int *wake_fds;	    /* by rank; -1: it never waits */
	struct event timer; /* no pointers: a fork leaves nothing to free */
	struct event wake;
	pid_t events_pid; /* whose these are; a successor inherits a copy */
} replay = {
	.speed_text = "unlimited",
	.loops = 1,
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static int parse_rate(const char *text, uint64_t *rate)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 ||
	    value < 1 || value > RATE_MAX)
		return -KM_EINVAL;
	*rate = (uint64_t)value;
	return 0;
}

static int parse_speed(const char *text, struct runner_speed *speed)
{
	memset(speed, 0, sizeof(*speed));
	if (strcmp(text, "unlimited") == 0)
		return 0;
	speed->in_order = 1;
	if (strcmp(text, "recorded") == 0)
		return 0;
	if (parse_rate(text, &speed->per_second) == 0)
		return 0;
	LM_ERR("replay: speed \"%s\" is none of \"unlimited\", \"recorded\", "
	       "or a number of operations per second from 1 to %d",
	    text, RATE_MAX);
	return -KM_EINVAL;
}

static int check_params(void)
{
	if (replay.file == NULL || replay.file[0] == '\0') {
		LM_ERR("replay: no trace to play: set "
		       "modparam(\"replay\", \"file\", \"/path/to/trace\")");
		return -KM_EINVAL;
	}
	if (replay.loops < 1) {
		LM_ERR("replay: loops is %d, must be at least 1", replay.loops);
		return -KM_ERANGE;
	}
	if (replay.hold < 0) {
		LM_ERR("replay: hold is %d, must be 0 (play to the end) or the "
		       "number of an operation",
		    replay.hold);
		return -KM_ERANGE;
	}
	if (km_workers() < 1) {
		LM_ERR("replay: there is no worker to play: set workers to "
		       "at least 1");
		return -KM_EINVAL;
	}
	return parse_speed(replay.speed_text, &replay.speed);
}

static int is_held(void)
{
	return replay.plan->end < replay.trace->n_ops;
}

static int make_plan(void)
{
	uint32_t end = replay.trace->n_ops;
	int rc;

	if (replay.hold > 0 && (uint32_t)replay.hold - 1 < end)
		end = (uint32_t)replay.hold - 1;
	rc = plan_new(replay.trace, (uint32_t)km_workers(), end, &replay.plan);
	if (rc == 0)
		rc = board_new(replay.plan, &replay.board);
	if (rc == 0)
		rc = player_new(replay.plan, replay.board, &replay.player);
	if (rc != 0) {
		LM_ERR("replay: no plan for %d workers: %s", km_workers(),
		    km_strerror(rc));
		return rc;
	}
	if (replay.plan->n_unplayable > 0)
		LM_WARN("replay: %s: %u operations of workers are left out: "
			"they use blocks that the main process allocates "
			"after its last fork",
		    replay.file, replay.plan->n_unplayable);
	return 0;
}

/* One for each rank that may wait: made before the fork, so all have all. */
static int open_wake_fds(void)
{
	uint32_t n = replay.plan->n_ranks;

	replay.wake_fds = calloc(n, sizeof(*replay.wake_fds));
	if (replay.wake_fds == NULL)
		return -KM_ENOMEM;
	for (uint32_t r = 0; r < n; r++)
		replay.wake_fds[r] = -1;
	for (uint32_t r = 0; r < n; r++) {
		if (r > 0 && replay.plan->parts[r].n == 0)
			continue;
		replay.wake_fds[r] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (replay.wake_fds[r] < 0) {
			LM_ERR("replay: eventfd: %m");
			return -KM_ESYS;
		}
	}
	return 0;
}

static void start_runner(void)
{
	replay.paused_ns = 0;
	runner_init(&replay.runner, replay.plan, replay.board, replay.player);
	runner_set_speed(&replay.runner, &replay.speed, (uint32_t)replay.loops);
}

static int replay_mod_init(void)
{
	int rc = check_params();

	if (rc == 0)
		rc = trace_read(replay.file, &replay.trace);
	if (rc == 0)
		rc = make_plan();
	if (rc == 0)
		rc = open_wake_fds();
	if (rc != 0)
		return rc;
	start_runner();
	runner_prelude(&replay.runner);
	LM_INFO("replay: %s: %u operations of %u processes from %u sites, %u "
		"played before the fork",
	    replay.file, replay.trace->n_ops, replay.trace->n_pids,
	    replay.trace->n_sites, replay.plan->prelude.n);
	return 0;
}

static void stop_events(void)
{
	if (replay.events_pid != getpid())
		return;
	event_del(&replay.timer);
	if (replay.wake_fds[replay.runner.rank] >= 0)
		event_del(&replay.wake);
	replay.events_pid = 0;
}

static double seconds(uint64_t from_ns, uint64_t to_ns)
{
	return (double)(to_ns - from_ns) / (double)NS_PER_S;
}

static void log_counts(const char *what, uint64_t operations,
    const struct board_counts *counts, double time_s)
{
	LM_INFO("replay: %s: operations=%" PRIu64 " patterns=%" PRIu64
		" broken=%" PRIu64 " lost=%" PRIu64 " dropped=%" PRIu64
		" failed=%" PRIu64 " time=%.3f s",
	    what, operations, counts->patterns, counts->broken, counts->lost,
	    counts->dropped, counts->failed, time_s);
}

static void log_rank(uint32_t rank, double time_s)
{
	char what[LINE_SIZE];

	snprintf(what, sizeof(what), "rank %u", rank);
	log_counts(what, runner_played(replay.plan, replay.board, rank),
	    &replay.board->ranks[rank].counts, time_s);
}

static void log_all(double time_s)
{
	char what[LINE_SIZE] = "finished";
	struct board_counts total;
	uint64_t operations = 0;

	for (uint32_t r = 0; r < replay.plan->n_ranks; r++)
		operations += runner_played(replay.plan, replay.board, r);
	board_total(replay.board, &total);
	if (is_held())
		snprintf(what, sizeof(what), "holding before operation %u",
		    replay.plan->end + 1);
	log_counts(what, operations, &total, time_s);
}

/* Once for each rank, also when its process is a successor. */
static void finish(void)
{
	struct board_rank *mine = &replay.board->ranks[replay.runner.rank];
	uint64_t unset = 0, now = now_ns();
	double time_s = seconds(atomic_load(&replay.board->started_ns), now);

	stop_events();
	if (!atomic_compare_exchange_strong(&mine->finished_ns, &unset, now))
		return;
	log_rank(replay.runner.rank, time_s);
	if (replay.runner.rank == KMEMD_RANK_SUPERVISOR)
		log_all(time_s);
}

/* Those whose wait is over because of what this rank has played. */
static void wake_others(void)
{
	uint32_t me = replay.runner.rank;

	for (uint32_t r = 0; r < replay.plan->n_ranks; r++)
		if (replay.wake_fds[r] >= 0 &&
		    board_must_wake(replay.board, r, me))
			eventfd_write(replay.wake_fds[r], 1);
}

static void sleep_for(uint64_t ns)
{
	struct timeval tv = {
		.tv_sec = (time_t)(ns / NS_PER_S),
		.tv_usec = (suseconds_t)(ns % NS_PER_S / 1000),
	};

	event_add(&replay.timer, &tv);
}

/* The time that goes by in a pause does not count for the pace, if it runs. */
static int is_paused(uint64_t now)
{
	int pause = km_var_int(replay.pause) != 0;

	if (replay.paused_ns != 0 &&
	    atomic_load(&replay.board->started_ns) != 0)
		runner_delay(&replay.runner, now - replay.paused_ns);
	replay.paused_ns = pause ? now : 0;
	return pause;
}

static void play_slice(void)
{
	uint64_t wait_ns = 0, now = now_ns();
	enum runner_state state;

	if (is_paused(now)) {
		sleep_for(PAUSE_NS);
		return;
	}
	state = runner_slice(&replay.runner, SLICE_OPS, now, &wait_ns);
	wake_others();
	if (state == RUNNER_FINISHED) {
		finish();
		return;
	}
	if (state == RUNNER_WAITS)
		wait_ns = WAIT_NS;
	if (wait_ns > PACED_NS_MAX)
		wait_ns = PACED_NS_MAX;
	sleep_for(wait_ns);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	play_slice();
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	eventfd_t n;

	(void)what;
	(void)arg;
	eventfd_read(fd, &n);
	play_slice();
}

/* Which processes of the trace this rank is. */
static void log_start(uint32_t rank)
{
	const struct trace *trace = replay.trace;
	char pids[LINE_SIZE] = "";
	size_t len = 0;

	for (uint32_t i = 0; i < trace->n_pids && len < sizeof(pids); i++)
		if (replay.plan->rank_of_process[i] == rank)
			len += (size_t)snprintf(pids + len, sizeof(pids) - len,
			    " %d", trace->pids[i]);
	LM_INFO("replay: rank %u: plays%s, from operation %" PRIu64 " of %u",
	    rank, pids[0] != '\0' ? pids : " nothing",
	    runner_played(replay.plan, replay.board, rank) + 1,
	    replay.plan->parts[rank].n);
}

static int start_events(struct event_base *base, uint32_t rank)
{
	int fd = replay.wake_fds[rank];

	if (event_assign(&replay.timer, base, -1, 0, on_timer, NULL) != 0)
		return -KM_ENOMEM;
	if (fd >= 0 && (event_assign(&replay.wake, base, fd,
			    EV_READ | EV_PERSIST, on_wake, NULL) != 0 ||
			   event_add(&replay.wake, NULL) != 0))
		return -KM_ENOMEM;
	replay.events_pid = getpid();
	sleep_for(0);
	return 0;
}

static int replay_child_init(int rank, struct event_base *base)
{
	uint32_t r = (uint32_t)rank;
	int rc;

	if (rank < 0 || r >= replay.plan->n_ranks)
		return 0;
	player_set_rank(replay.player, r);
	start_runner();
	if (rank != KMEMD_RANK_SUPERVISOR)
		log_start(r);
	rc = start_events(base, r);
	if (rc != 0)
		LM_ERR("replay: rank %u: its events cannot be set up", r);
	return rc;
}

/* The pools keep their blocks: what is live stays to be looked at. */
static void replay_destroy(void)
{
	stop_events();
	for (uint32_t r = 0;
	     replay.wake_fds != NULL && r < replay.plan->n_ranks; r++)
		if (replay.wake_fds[r] >= 0)
			close(replay.wake_fds[r]);
	free(replay.wake_fds);
	replay.wake_fds = NULL;
	player_free(&replay.player);
	board_free(&replay.board);
	plan_free(&replay.plan);
	trace_free(&replay.trace);
}

static const struct kmemd_module_param params[] = {
	{ "file", KMEMD_PARAM_STRING, &replay.file,
	    "the trace, plain or gzipped; no default" },
	{ "speed", KMEMD_PARAM_STRING, &replay.speed_text,
	    "unlimited, recorded (order), or operations per second" },
	{ "loops", KMEMD_PARAM_INT, &replay.loops,
	    "how often the workers play their part" },
	{ "hold", KMEMD_PARAM_INT, &replay.hold,
	    "stop before this operation and keep all blocks; 0: do not" },
	{ NULL },
};

static const struct kmemd_module_var vars[] = {
	{ "pause", KMEMD_PARAM_INT, &replay.pause, .min = 0, .max = 1,
	    .when = KMEMD_VAR_AT_ONCE,
	    .help = "1: play nothing until it is 0 again" },
	{ NULL },
};

KMEMD_EXPORTS = {
	.abi = KMEMD_MODULE_ABI,
	.name = "replay",
	.version = "1.0",
	.params = params,
	.mod_init = replay_mod_init,
	.child_init = replay_child_init,
	.destroy = replay_destroy,
	.vars = vars,
};
