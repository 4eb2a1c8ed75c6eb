/* SPDX-License-Identifier: ISC */
/* kill_points.c - a participant is killed, or stopped, at every instruction. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "mem/shm_mem.h"
#include "mem/slot.h"
#include "tests/stress/kill_points.h"

#define CHANGES_MAX 65536

const struct world *world = &world_slab;

static struct options {
	unsigned stride;  /* each so-many-th state is judged */
	unsigned killed;  /* by a signal, at random instructions */
	unsigned frozen;  /* instructions; UINT32_MAX: at each */
	unsigned longest; /* instructions; of a longer operation fewer */
	unsigned left_by; /* places at which a third is killed */
	unsigned rows;	  /* one of so many recoveries is tried */
	unsigned seed;
	const char *only; /* names that have this */
} options = { 8, 1, 4, 4000, 1, 3, 0, "" };

static struct {
	unsigned long points, states, stops, verdicts[VERDICT__COUNT], bytes;
} total;

static void note(const struct operation *op, unsigned long at, const char *how,
    enum verdict v)
{
	total.verdicts[v]++;
	total.bytes += v == LOST ? board->lost : 0;
	if (v != GOOD)
		printf("# %s, %s at instruction %lu: %s\n", op->name, how, at,
		    board->why);
}

/*
 * Instead of libc's: that begins again when the kernel changes what it reads,
 * and the same instruction of two runs would not be the same one.
 */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_BOOTTIME)
		return (int)syscall(SYS_clock_gettime, clock, now);
	*now = (struct timespec){ .tv_sec = 1 };
	return 0;
}

/* ---- an operation ------------------------------------------------------- */

/* Instructions of an operation, and those that change the pool. */
struct course {
	unsigned long n, n_changes;
	unsigned long change[CHANGES_MAX];
};

static void to(pid_t pid, unsigned long k)
{
	for (unsigned long i = 0; i < k && step(pid); i++)
		;
}

static const struct operation *find(const char *name)
{
	for (unsigned i = 0; i < world->n_operations; i++)
		if (strcmp(world->operations[i].name, name) == 0)
			return &world->operations[i];
	errno = EINVAL;
	give_up(name);
}

/* A third is killed after so many instructions of its own. */
static void kill_third(const struct operation *op, unsigned long at)
{
	pid_t pid = launch(op, THIRD);

	to(pid, at);
	end_victim(pid);
}

struct scene {
	const struct operation *op, *left;
	unsigned long left_at;
};

static pid_t set(const struct scene *scene)
{
	open_pool(scene->op->flags);
	if (scene->left != NULL)
		kill_third(scene->left, scene->left_at);
	return launch(scene->op, VICTIM);
}

/* What it is like when it is done. */
static void rehearse(const struct scene *scene, struct sums *after)
{
	pid_t pid = set(scene);
	bool late;

	if (!go_on(pid, &late))
		give_up(scene->op->name);
	judge_sums(after);
	end_victim(pid);
}

/* The instructions that change something, for others to be killed there. */
static void follow(const struct scene *scene, struct course *c)
{
	pid_t pid = set(scene);

	*c = (struct course){ 0 };
	world->has_changed();
	while (step(pid)) {
		c->n++;
		if (world->has_changed() && c->n_changes < CHANGES_MAX)
			c->change[c->n_changes++] = c->n;
	}
	end_victim(pid);
}

/* Returns how many instructions there are. */
static unsigned long judge_each(
    const struct scene *scene, const struct sums *after, unsigned phase)
{
	pid_t pid = set(scene);
	unsigned long k = 0, n_states = 0;
	bool is_judged = false, more = true;

	board->after = *after;
	for (world->has_changed(); more; k++) {
		if (k == 0 || world->has_changed()) {
			is_judged = n_states++ % options.stride == phase;
			total.states += is_judged;
			if (is_judged)
				note(scene->op, k, "killed",
				    ask_judge(scene->op));
		}
		total.points += is_judged;
		more = step(pid);
	}
	end_victim(pid);
	printf("# %s: %lu instructions, %lu states of the pool\n",
	    scene->op->name, k, n_states);
	return k;
}

static void kill_at(
    const struct scene *scene, const struct sums *after, unsigned long k)
{
	pid_t pid = set(scene);

	board->after = *after;
	to(pid, k);
	end_victim(pid);
	note(scene->op, k, "killed", ask_judge(scene->op));
	total.points++;
}

/* ---- a victim that is stopped, and goes on ------------------------------ */

#define N_HOARD 20000

static struct {
	void *p;
	size_t size;
} hoard[N_HOARD];
static unsigned n_hoard;

/* Whatever there is; then each second block, of this parity, goes back. */
static void hoard_all(unsigned parity)
{
	static const size_t sizes[] = { 40000, 6000, 400, 176, 48, 16 };
	void *p;

	n_hoard = 0;
	for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (unsigned i = 0; n_hoard < N_HOARD && (i < 8 || s > 2) &&
				     (p = take(sizes[s])) != NULL;
		     i++) {
			stamp(p, sizes[s]);
			hoard[n_hoard].p = p;
			hoard[n_hoard++].size = sizes[s];
		}
	for (unsigned i = parity; i < n_hoard; i += 2)
		shm_free(hoard[i].p);
}

static bool hoard_is_whole(unsigned parity)
{
	for (unsigned i = !parity; i < n_hoard; i += 2)
		if (!is_stamped(hoard[i].p, hoard[i].size))
			return false;
	return true;
}

static enum verdict freeze_at(const struct scene *scene, unsigned long k)
{
	pid_t pid = set(scene);
	enum verdict v = GOOD;
	bool late;

	to(pid, k);
	/* There are never two who recover the same. */
	if ((scene->op->flags & OP_RECOVER) == 0)
		slot_dead(pool, THIRD);
	world->disturb();
	hoard_all((unsigned)k & 1);
	if (!go_on(pid, &late)) {
		snprintf(board->why, sizeof(board->why), "does not go on");
		v = late ? DEADLOCK : INCONSISTENT;
	} else if (!hoard_is_whole((unsigned)k & 1)) {
		snprintf(board->why, sizeof(board->why), "wrote to a block");
		v = TWICE;
	}
	end_victim(pid);
	board->after.blocks = UINT64_MAX;
	board->before.used = world->pool_size;
	return v != GOOD ? v : ask_judge(scene->op);
}

/* ---- all of it ---------------------------------------------------------- */

static void freeze_some(const struct scene *scene, unsigned long n)
{
	bool all = options.frozen == UINT32_MAX && n <= options.longest;
	unsigned most = options.frozen == UINT32_MAX ? 100 : options.frozen;
	unsigned long step = all ? 1 : n / most + 1;

	for (unsigned long k = (unsigned long)rand_r(&options.seed) % step;
	     k < n; k += step) {
		total.stops++;
		note(scene->op, k, "stopped", freeze_at(scene, k));
	}
}

static void try(const struct scene *scene)
{
	unsigned *seed = &options.seed;
	struct sums after;
	unsigned long n;

	rehearse(scene, &after);
	n = judge_each(scene, &after, (unsigned)rand_r(seed) % options.stride);
	for (unsigned i = 0; i < options.killed && n <= options.longest; i++)
		kill_at(scene, &after, (unsigned long)rand_r(seed) % n);
	if (world->disturb != NULL &&
	    (options.frozen == UINT32_MAX || n <= options.longest))
		freeze_some(scene, n);
}

/* Recovery of one who was killed in the middle of something. */
static void try_after(const struct operation *op)
{
	static struct course c;
	struct scene scene = { find(op->left_by), NULL, 0 };
	unsigned long step, from;

	follow(&scene, &c);
	step = c.n_changes / options.left_by + 1;
	from = (unsigned long)rand_r(&options.seed) % step;
	for (unsigned long i = from; i < c.n_changes; i += step) {
		scene = (struct scene){ op, find(op->left_by), c.change[i] };
		try(&scene);
	}
}

static const struct world *find_world(const char *manager)
{
	static const struct world *const worlds[] = { &world_slab, &world_qm };

	for (unsigned i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++)
		if (strcmp(worlds[i]->manager, manager) == 0)
			return worlds[i];
	errno = EINVAL;
	give_up(manager);
}

static void read_options(int argc, char **argv)
{
	int c;

	options.seed = (unsigned)getpid();
	while ((c = getopt(argc, argv, "ax:s:k:f:m:l:r:")) != -1)
		switch (c) {
		case 'a':
			options = (struct options){ 1, 20, UINT32_MAX, 6000, 16,
				1, options.seed, "" };
			break;
		case 'x':
			world = find_world(optarg);
			break;
		case 's':
			options.stride = (unsigned)atoi(optarg);
			break;
		case 'k':
			options.killed = (unsigned)atoi(optarg);
			break;
		case 'f':
			options.frozen = (unsigned)atoi(optarg);
			break;
		case 'm':
			options.longest = (unsigned)atoi(optarg);
			break;
		case 'l':
			options.left_by = (unsigned)atoi(optarg);
			break;
		case 'r':
			options.seed = (unsigned)atoi(optarg);
			break;
		default:
			fprintf(stderr,
			    "usage: kill_points [-x manager] [-a] [-s stride] "
			    "[-k kills] [-f stops] [-m longest] [-l places] "
			    "[-r seed] [operation]\n");
			exit(EXIT_FAILURE);
		}
	if (optind < argc)
		options.only = argv[optind];
	if (options.stride == 0)
		options.stride = 1;
}

int main(int argc, char **argv)
{
	struct scene scene;
	unsigned seed;

	read_options(argc, argv);
	seed = options.seed;
	open_trials();
	printf("# seed %u (-r)\n", options.seed);
	for (unsigned i = 0; i < world->n_operations; i++) {
		const struct operation *op = &world->operations[i];

		if (strstr(op->name, options.only) == NULL)
			continue;
		scene = (struct scene){ op, NULL, 0 };
		if (op->left_by == NULL)
			try(&scene);
		else if (i % options.rows == seed % options.rows)
			try_after(op);
	}
	printf("# %lu states judged, %lu stops\n", total.states, total.stops);
	printf("%lu kill points, %lu deadlocks, %lu inconsistent heaps, "
	       "%lu bytes lost, %lu double handouts\n",
	    total.points, total.verdicts[DEADLOCK],
	    total.verdicts[INCONSISTENT], total.bytes, total.verdicts[TWICE]);
	return total.verdicts[DEADLOCK] + total.verdicts[INCONSISTENT] +
			   total.verdicts[LOST] + total.verdicts[TWICE] ==
		       0
		   ? EXIT_SUCCESS
		   : EXIT_FAILURE;
}
