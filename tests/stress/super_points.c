/* SPDX-License-Identifier: ISC */
/* super_points.c - a supervisor of kmemd is killed in the middle of its work.
 */
#include "config.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kmem.h"
#include "mem/manager.h"
#include "tests/stress/points_chunk.h"
#include "tests/stress/points_kmemd.h"
#include "tests/stress/super_points.h"
#include "tests/stress/tracee.h"

/*
 * usage: super_points [-a] [-n POINTS] [-o NAME] [-s] SOCKET KMEMD
 * [ARGUMENTS...]
 * KMEMD is started, which is to stay in the foreground, to listen on SOCKET and
 * at $KMEMD_ATTACH, and to have three workers with the module points_worker.
 * It is told to do something (super_ops.c), and is killed on the way: where it
 * enters or leaves a system call, or behind an instruction between two that has
 * changed the chunk. The next one takes the chunk over from those who hold it;
 * what has not been done is asked for again. Then all is as if nobody had been
 * killed.
 *
 * The points of an operation are found by doing it twice without a cut. -n: so
 * many of each, spread over it; -a: all; -s: system calls alone; -o: of
 * operations alone that have this in their name.
 */
#define POINTS	   10u
#define POINTS_MAX 65536u
#define STOPS_MAX  16384u
#define STEPS	   40000u  /* instructions of a sample that are looked at */
#define STEPS_ALL  400000u /* behind each stop */
#define PATIENCE_S 180	   /* of a trial */

/* So many stops at system calls, an entry or an exit each; then changes. */
struct point {
	uint32_t stop, change;
};

static struct {
	struct point point[POINTS_MAX];
	unsigned n, n_stops;
	bool changes[STOPS_MAX]; /* the chunk, from this stop to the next one */
} way;

struct super super = { .talk = { .fd = -1 } };
static struct {
	bool calls_only;
	unsigned most; /* points of an operation */
	const char *name;
	char **kmemd; /* its path, and arguments */
} options = { .most = POINTS, .name = "" };

void super_fail(const char *format, ...)
{
	va_list args;

	fputs("super_points: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

void super_await(bool (*is)(void), const char *what)
{
	time_t end = time(NULL) + POINTS_PATIENCE_S;

	while (!is()) {
		if (time(NULL) > end)
			super_fail("%s: %zu bytes used, %zu before", what,
			    look_used(), look_used_before());
		poll(NULL, 0, 1);
	}
}

void super_calm(int on)
{
	__atomic_store_n(&super.points->is_calm, on, __ATOMIC_SEQ_CST);
}

/* ---- a kmemd ------------------------------------------------------------ */

void super_kill(void)
{
	talk_close(&super.talk);
	if (super.kmemd > 0)
		tracee_kill(super.kmemd);
	super.kmemd = 0;
}

/*
 * Workers whose supervisor was killed are ours then. They are not waited for
 * before all has been looked at: there is no init that is faster than the next
 * kmemd.
 */
static void reap_workers(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		if (pid == super.kmemd || pid == super.witness)
			super_fail("pid %d has ended by itself", (int)pid);
}

/* Each of its workers has been in its loop. */
static bool workers_serve(void)
{
	for (int i = 1; i < POINTS_RANKS; i++)
		if (!points_is_live((pid_t)super.points->served[i]))
			return false;
	return true;
}

static void start_kmemd(void)
{
	super.kmemd = points_launch(options.kmemd);
	if (super.kmemd < 0)
		tracee_give_up("fork");
	if (!points_wait_for(super.kmemd, super.socket,
		time(NULL) + POINTS_PATIENCE_S, &super.talk))
		super_fail("kmemd does not serve");
}

/* ---- a trial ------------------------------------------------------------ */

static void go_to(const struct super_op *op, const struct point *p)
{
	bool more = true;

	for (uint32_t i = 0; more && i < p->stop; i++)
		more = super_step(op, PTRACE_SYSCALL);
	if (more)
		super_go_on(op, UINT_MAX, p->change);
}

/* It stands still, and has been told what to do. */
static void begin(const struct super_op *op)
{
	alarm(PATIENCE_S);
	if (op->prepare != NULL)
		op->prepare();
	if (op->starts)
		super_start_tracee(options.kmemd);
	else
		super_seize();
	if (op->ask != NULL)
		op->ask();
}

static bool is_well(const struct super_op *op, char *why, size_t size)
{
	start_kmemd();
	super_await(workers_serve, "a worker does not serve");
	if (op->again != NULL)
		op->again();
	if (!look_is_well(op->used, op->member_stays, why, size))
		return false;
	if (op->clean != NULL)
		op->clean();
	return look_is_well(0, false, why, size) && look_is_heir(why, size);
}

/* It is killed where it is; the next one finds what it has left. */
static void end(const struct super_op *op, const struct point *p)
{
	char why[512];

	super_kill();
	if (is_well(op, why, sizeof(why))) {
		reap_workers();
		return;
	}
	printf("# %s, killed at stop %u, change %u: %s\n", op->name, p->stop,
	    p->change, why);
	exit(EXIT_FAILURE);
}

/* ---- the points --------------------------------------------------------- */

static void add_point(struct point p)
{
	if (way.n == POINTS_MAX)
		super_fail("the way has too many points");
	way.point[way.n++] = p;
}

static void find_stops(const struct super_op *op)
{
	begin(op);
	points_copy_again();
	way.n_stops = 0;
	do {
		if (way.n_stops == STOPS_MAX)
			super_fail("the way has too many system calls");
		add_point((struct point){ way.n_stops, 0 });
		way.changes[way.n_stops] = false;
		if (way.n_stops > 0)
			way.changes[way.n_stops - 1] =
			    points_copy_changed(false);
		way.n_stops++;
	} while (super_step(op, PTRACE_SYSCALL));
	end(op, &(struct point){ way.n_stops, 0 });
}

/* How many instructions are worth a look behind each stop with changes. */
static unsigned steps_each(void)
{
	unsigned n = 1;

	for (unsigned i = 0; i < way.n_stops; i++)
		n += way.changes[i];
	return options.most < UINT32_MAX ? STEPS / n : STEPS_ALL;
}

/* Of a way whose stops are known. */
static void find_changes(const struct super_op *op)
{
	unsigned most = steps_each();
	struct point p = { 0, 0 };
	bool more = true;

	begin(op);
	for (p.stop = 0; more && p.stop < way.n_stops; p.stop++) {
		unsigned n =
		    way.changes[p.stop] ? super_go_on(op, most, UINT_MAX) : 0;

		for (p.change = 1; p.change <= n; p.change++)
			add_point(p);
		more = super_step(op, PTRACE_SYSCALL);
	}
	end(op, &p);
}

static int by_place(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	if (p->stop != q->stop)
		return p->stop < q->stop ? -1 : 1;
	return (p->change > q->change) - (p->change < q->change);
}

/* Returns at how many points it was killed. */
static unsigned try(const struct super_op *op)
{
	unsigned n = 0;

	way.n = 0;
	find_stops(op);
	if (!options.calls_only)
		find_changes(op);
	printf("# %s: %u stops at system calls, %u changes of the chunk\n",
	    op->name, way.n_stops, way.n - way.n_stops);
	qsort(way.point, way.n, sizeof(way.point[0]), by_place);
	for (; n < way.n && n < options.most; n++) {
		unsigned k =
		    options.most < way.n
			? (unsigned)((uint64_t)n * way.n / options.most)
			: n;

		begin(op);
		go_to(op, &way.point[k]);
		end(op, &way.point[k]);
	}
	return n;
}

/* ---- all of it ---------------------------------------------------------- */

static bool witness_serves(void)
{
	return super.points->served[SUPER_WITNESS] == super.witness;
}

/* From here on the chunk is held. */
static void open_chunk(void)
{
	struct km_attach_options opt = { .size = sizeof(opt),
		.flags = KM_ATTACH_NO_PKG };

	start_kmemd();
	if (km_attach(&opt) != 0)
		super_fail("%s", km_attach_why());
	super.points = km_root_get(POINTS_ROOT);
	if (super.points == NULL)
		super_fail("there is no board");
	witness_start();
	super_await(workers_serve, "a worker does not serve");
	super_await(witness_serves, "the witness does not serve");
	super_calm(1);
	if (points_copy_open() != 0)
		super_fail("out of memory");
}

/* What one holds that has just taken over: none of its programs is new. */
static void open_look(void)
{
	char why[512];

	look_before();
	super_kill();
	start_kmemd();
	super_await(workers_serve, "a worker does not serve");
	if (!look_is_well(0, false, why, sizeof(why)))
		super_fail("%s", why);
	look_at_heir();
}

/* All children are gone, whatever has happened. */
static void end_all(void)
{
	int32_t forked = super.points != NULL ? super.points->forked : 0;

	super_kill();
	member_kill();
	if (forked != 0 && points_is_live(forked))
		kill(forked, SIGKILL);
	if (super.witness > 0) {
		kill(super.witness, SIGKILL);
		waitpid(super.witness, NULL, 0);
	}
}

static void stop_kmemd(void)
{
	int status;

	talk_close(&super.talk);
	kill(super.kmemd, SIGTERM);
	if (tracee_wait(super.kmemd, &status) || status != 0)
		super_fail("kmemd does not end well");
	super.kmemd = 0;
}

static void read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+an:o:s")) != -1)
		if (c == 'a')
			options.most = UINT32_MAX;
		else if (c == 'n')
			options.most = (unsigned)atoi(optarg);
		else if (c == 'o')
			options.name = optarg;
		else if (c == 's')
			options.calls_only = true;
		else
			exit(EXIT_FAILURE);
	if (argc - optind < 2)
		super_fail("SOCKET and KMEMD are missing");
	super.socket = argv[optind];
	options.kmemd = argv + optind + 1;
}

int main(int argc, char **argv)
{
	unsigned n = 0, n_ops = 0;
	bool slab;

	if (argc == 3 && strcmp(argv[1], "--member") == 0)
		return member_main(atoi(argv[2]));
	if (argc == 3 && strcmp(argv[1], "--witness") == 0)
		return witness_main();
	read_options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(PATIENCE_S);
	atexit(end_all);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	open_chunk();
	open_look();
	slab = pool_in_use(KM_SHM)->manager == MANAGER_SLAB;
	for (unsigned i = 0; i < super_n_ops; i++)
		if (strstr(super_ops[i].name, options.name) != NULL &&
		    (slab || !super_ops[i].slab_only)) {
			n += try(&super_ops[i]);
			n_ops++;
		}
	stop_kmemd();
	printf("%u kill points, %u operations, nothing is left\n", n, n_ops);
	return EXIT_SUCCESS;
}
