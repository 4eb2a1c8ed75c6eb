/* SPDX-License-Identifier: ISC */
/* worker_points.c - a worker of kmemd is killed on its way into service. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/stress/points_chunk.h"
#include "tests/stress/points_kmemd.h"
#include "tests/stress/tracee.h"
#include "tests/stress/worker_points.h"

/*
 * usage: worker_points [-a] [-k] [-l] [-n POINTS] [-s] SOCKET KMEMD
 * [ARGUMENTS...]
 * KMEMD is started, which is to stay in the foreground, to listen on SOCKET and
 * at $KMEMD_ATTACH, and to have three workers with the module points_worker.
 * One of them is killed, and the next one is on its way from the fork into its
 * loop, where it is killed as well: where it enters or leaves a system call, or
 * between two, behind an instruction that has changed the chunk. (What else it
 * changes goes with it.) Its supervisor still stands in fork(), so that the
 * slot has no name yet, or has gone on. Then another one of this rank serves,
 * and all is as it was.
 *
 * The points are found on two ways that are not cut off. -n: so many of them,
 * spread over the way; -a: each, in both orders; -s: system calls alone. -k:
 * the supervisor is killed as well, while it stands in fork(), and the next one
 * has to find what the worker has left. -l: that one serves while the worker
 * still stands there, which goes on only then.
 */
#define POINTS	   80u
#define POINTS_MAX 16384u
#define STOPS_MAX  4096u
#define PATIENCE_S 120 /* of a trial */

/* So many stops at system calls, an entry or an exit each; then changes. */
struct point {
	uint32_t stop, change;
};

static struct {
	struct point point[POINTS_MAX];
	unsigned n, n_stops;
	unsigned
	    bound; /* the first stop at which it ends with its supervisor */
	uint64_t ip[STOPS_MAX], sp[STOPS_MAX]; /* at a stop */
} way;

static struct points *points;
static pid_t kmemd;
static unsigned deaths;
static struct {
	bool calls_only, both, late;
	char **kmemd; /* its path, and arguments */
	const char *socket;
} options;

static int32_t served(void)
{
	return __atomic_load_n(
	    &points->served[POINTS_VICTIM], __ATOMIC_SEQ_CST);
}

static void fail(const char *what)
{
	fprintf(stderr, "worker_points: %s\n", what);
	exit(EXIT_FAILURE);
}

/* What it says of itself there may be gone again at the next system call. */
static void watch_slot(int slot)
{
	if (slot < 0)
		fail("a child without a slot");
	points_copy_watch((uint32_t)slot);
}

/* ---- a worker on its way ------------------------------------------------ */

/* Until it forks; it gets what signals come meanwhile. */
static pid_t wait_for_fork(void)
{
	unsigned long child = 0;
	int status;

	while (tracee_wait(kmemd, &status)) {
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_FORK << 8)) {
			ptrace(PTRACE_GETEVENTMSG, kmemd, NULL, &child);
			return (pid_t)child;
		}
		ptrace(PTRACE_CONT, kmemd, NULL,
		    (long)(status >> 16 == 0 ? WSTOPSIG(status) : 0));
	}
	kmemd = 0;
	fail("kmemd has ended");
	return -1;
}

/* Until it is off, the others stand by: they change nothing of the chunk. */
static void calm(int on)
{
	__atomic_store_n(&points->is_calm, on, __ATOMIC_SEQ_CST);
}

/*
 * The worker that serves is killed. The next one, which has not done anything
 * yet; its supervisor is still in fork().
 */
static pid_t next_child(void)
{
	int status;
	pid_t child;

	if (ptrace(PTRACE_SEIZE, kmemd, NULL,
		PTRACE_O_TRACEFORK | PTRACE_O_TRACESYSGOOD) != 0)
		tracee_give_up("PTRACE_SEIZE");
	calm(1);
	kill(served(), SIGKILL);
	deaths++;
	child = wait_for_fork();
	if (!tracee_wait(child, &status))
		fail("the child does not start");
	watch_slot(look_unnamed());
	return child;
}

/* The supervisor goes on behind its fork(). */
static void let_go_on(void)
{
	if (ptrace(PTRACE_DETACH, kmemd, NULL, NULL) != 0)
		tracee_give_up("PTRACE_DETACH");
}

/* False: it is in its loop. */
static bool step(pid_t child, enum __ptrace_request how)
{
	int status;

	if (!tracee_step(child, how, &status))
		fail("the worker has ended by itself");
	return served() != child;
}

static void go_to(pid_t child, const struct point *p)
{
	bool more = true;

	for (uint32_t i = 0; more && i < p->stop; i++)
		more = step(child, PTRACE_SYSCALL);
	points_copy_changed(true);
	for (uint32_t i = 0; more && i < p->change;
	     i += points_copy_changed(true))
		more = step(child, PTRACE_SINGLESTEP);
}

static void wait_until_named(pid_t child)
{
	while (!points_is_live(child))
		poll(NULL, 0, 1);
}

/* ---- the points --------------------------------------------------------- */

/* A stop, and whether the first prctl() is entered there. */
static void where(pid_t child, uint64_t *ip, uint64_t *sp)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof(info),
		&info) <= 0)
		tracee_give_up("PTRACE_GET_SYSCALL_INFO");
	if (way.bound == 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	    info.entry.nr == SYS_prctl)
		way.bound = way.n_stops + 1;
	*ip = info.instruction_pointer;
	*sp = info.stack_pointer;
}

static void add_point(struct point p)
{
	if (way.n == POINTS_MAX)
		fail("the way has too many points");
	way.point[way.n++] = p;
}

/* It may serve, until it is killed. */
static void let_serve(pid_t child)
{
	if (ptrace(PTRACE_DETACH, child, NULL, NULL) != 0)
		tracee_give_up("PTRACE_DETACH");
	calm(0);
	let_go_on();
	wait_until_named(child);
}

/* The stops at system calls: where each is, and which pages change. */
static void find_stops(void)
{
	pid_t child = next_child();

	points_copy_changed(false);
	do {
		if (way.n_stops == STOPS_MAX)
			fail("the way has too many system calls");
		where(child, &way.ip[way.n_stops], &way.sp[way.n_stops]);
		way.n_stops++;
		points_copy_changed(false);
	} while (step(child, PTRACE_SYSCALL));
	let_serve(child);
}

/*
 * The same way, an instruction at a time. Where a system call has been entered
 * is behind its instruction, where it has been left as well.
 */
static void find_changes(void)
{
	pid_t child = next_child();
	struct point at = { 0, 0 };
	uint64_t ip, sp;

	points_copy_changed(false);
	while (step(child, PTRACE_SINGLESTEP)) {
		where(child, &ip, &sp);
		if (at.stop + 2 < way.n_stops && ip == way.ip[at.stop + 1] &&
		    sp == way.sp[at.stop + 1]) {
			at = (struct point){ at.stop + 2, 0 };
			points_copy_changed(true);
		} else if (points_copy_changed(true)) {
			at.change++;
			add_point(at);
		}
	}
	let_serve(child);
}

static int by_place(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	if (p->stop != q->stop)
		return p->stop < q->stop ? -1 : 1;
	return (p->change > q->change) - (p->change < q->change);
}

static void find_points(void)
{
	if (points_copy_open() != 0)
		fail("out of memory");
	find_stops();
	if (!options.calls_only)
		find_changes();
	printf("# %u stops at system calls, %u changes of the chunk\n",
	    way.n_stops, way.n);
	for (uint32_t stop = 0; stop < way.n_stops; stop++)
		add_point((struct point){ stop, 0 });
	qsort(way.point, way.n, sizeof(way.point[0]), by_place);
}

/* ---- all of it ---------------------------------------------------------- */

static void launch(void)
{
	kmemd = points_launch(options.kmemd);
	if (kmemd < 0)
		tracee_give_up("fork");
}

/* The supervisor, which has not yet come back from its fork(). */
static void replace_kmemd(void)
{
	tracee_kill(kmemd);
	calm(0);
	launch();
	if (!look_again(kmemd, options.socket))
		fail("the next kmemd does not serve");
}

/* Of a kmemd that is no more it ends by itself, or has been ended. */
static void end_child(pid_t child)
{
	if (!options.late)
		tracee_kill(child);
	else if (ptrace(PTRACE_DETACH, child, NULL, NULL) != 0 &&
		 errno != ESRCH)
		tracee_give_up("PTRACE_DETACH");
}

/* Returns whether all is as it was. */
static bool kill_at(const struct point *p, bool named)
{
	pid_t child = next_child();
	char why[256];

	if (named) {
		let_go_on();
		wait_until_named(child);
	}
	go_to(child, p);
	if (options.late)
		replace_kmemd();
	end_child(child);
	deaths++;
	calm(0);
	if (options.both)
		replace_kmemd();
	else if (!named && !options.late)
		let_go_on();
	if (look_after(child, why, sizeof(why)))
		return true;
	printf("# killed at stop %u, change %u, %s: %s\n", p->stop, p->change,
	    named ? "named" : "not yet named", why);
	return false;
}

/* What it does first is to see to it that it does not outlive its supervisor.
 */
static void skip_unbound(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < way.n; i++)
		if (way.point[i].stop >= way.bound)
			way.point[n++] = way.point[i];
	way.n = n;
}

/* Spread over the way; the order is that of an odd or an even one. */
static unsigned kill_some(unsigned most)
{
	unsigned all, n = 0;

	if (options.late)
		skip_unbound();
	all = way.n * 2;

	for (unsigned i = 0; i < most && i < all; i++, n++) {
		unsigned k =
		    most < all ? (unsigned)((uint64_t)i * all / most) : i;

		bool named = (most < all ? i : k) % 2 != 0;

		alarm(PATIENCE_S);
		if (!kill_at(&way.point[k / 2],
			named && !options.both && !options.late))
			exit(EXIT_FAILURE);
	}
	alarm(PATIENCE_S);
	return n;
}

/* Its exit status is to be 0. */
static void stop_kmemd(void)
{
	int status;

	look_close();
	kill(kmemd, SIGTERM);
	if (tracee_wait(kmemd, &status) || status != 0)
		fail("kmemd does not end well");
	kmemd = 0;
}

/* Its workers go with it. */
static void end_kmemd(void)
{
	if (kmemd > 0)
		tracee_kill(kmemd);
}

int main(int argc, char **argv)
{
	unsigned most = POINTS, n;
	int c;

	while ((c = getopt(argc, argv, "+akln:s")) != -1)
		if (c == 'a')
			most = UINT32_MAX;
		else if (c == 'k')
			options.both = true;
		else if (c == 'l')
			options.late = true;
		else if (c == 'n')
			most = (unsigned)atoi(optarg);
		else if (c == 's')
			options.calls_only = true;
		else
			return EXIT_FAILURE;
	if (argc - optind < 2)
		fail("SOCKET and KMEMD are missing");
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(PATIENCE_S);
	options.socket = argv[optind];
	options.kmemd = argv + optind + 1;
	launch();
	atexit(end_kmemd);
	points = look_open(kmemd, options.socket);
	if (points == NULL)
		fail("kmemd does not serve");
	find_points();
	look_before();
	n = kill_some(most);
	stop_kmemd();
	printf("%u kill points, %u deaths, nothing is left\n", n, deaths);
	return EXIT_SUCCESS;
}
