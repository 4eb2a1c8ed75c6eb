/* SPDX-License-Identifier: ISC */
/* weave.c - the explorer: every order of steps, each state once. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/stress/weave.h"

#define DEPTH_MAX  4000u
#define ARENA_SIZE ((size_t)256 << 20)

static struct {
	unsigned long most; /* states of a scenario */
	bool kills;
	const char *only;
	const char *without; /* what is left out, to see that it is missed */
} options = { 20000000, true, "", "" };

bool weave_is_without(const char *what)
{
	return strcmp(options.without, what) == 0;
}

/* ---- states ------------------------------------------------------------- */

static struct region regions[N_REGIONS];
static unsigned n_regions;
static char *arena;
static size_t arena_at;

static bool is_alive(const struct actor *a)
{
	return !a->is_done && !a->is_dead;
}

static void copy_out(struct region r)
{
	if (arena_at + r.n > ARENA_SIZE)
		abort();
	memcpy(arena + arena_at, r.at, r.n);
	arena_at += r.n;
}

static void save(void)
{
	for (unsigned i = 0; i < n_regions; i++)
		copy_out(regions[i]);
	for (uint32_t i = 0; i < N_ACTORS; i++)
		if (is_alive(&actors[i]))
			copy_out(weave_stack(i));
}

static const char *copy_in(struct region r, const char *from)
{
	memcpy(r.at, from, r.n);
	return from + r.n;
}

static void restore(size_t at)
{
	const char *from = arena + at;

	for (unsigned i = 0; i < n_regions; i++)
		from = copy_in(regions[i], from);
	for (uint32_t i = 0; i < N_ACTORS; i++)
		if (is_alive(&actors[i]))
			from = copy_in(weave_stack(i), from);
}

static uint64_t hash(const char *p, size_t n)
{
	uint64_t h = n, word = 0;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	word = 0;
	memcpy(&word, p, n);
	h = (h ^ word) * 0xbf58476d1ce4e5b9ull;
	return h ^ h >> 32;
}

/* Those seen, with the number of ways from there to an end. */
static struct seen {
	uint64_t hash; /* 0: none */
	double ways;
} * seen;
static size_t seen_size;
static unsigned long n_seen;

static struct seen *find(uint64_t h)
{
	size_t i = h & (seen_size - 1);

	while (seen[i].hash != 0 && seen[i].hash != h)
		i = (i + 1) & (seen_size - 1);
	return &seen[i];
}

static void enlarge(void)
{
	struct seen *old = seen;
	size_t size = seen_size;

	seen_size = size == 0 ? (size_t)1 << 16 : size * 2;
	seen = calloc(seen_size, sizeof(*seen));
	if (seen == NULL)
		abort();
	for (size_t i = 0; i < size; i++)
		if (old[i].hash != 0)
			*find(old[i].hash) = old[i];
	free(old);
}

/* ---- exploring ---------------------------------------------------------- */

static char path[DEPTH_MAX + 1]; /* the steps to where we are */
static unsigned long n_steps, n_ends;

static void report_wrong(const char *why, unsigned depth)
{
	printf("# %s\n# after %.*s\n", why, (int)depth, path);
	exit(EXIT_FAILURE);
}

/* A, B: a step; a, b: a store becomes visible; 0, 1: killed; r: recovered. */
static bool can(char move)
{
	const struct actor *a;

	switch (move) {
	case 'A':
	case 'B':
		return is_alive(&actors[move - 'A']);
	case 'a':
	case 'b':
		a = &actors[move - 'a'];
		return !a->is_dead && a->n_buffer > 0;
	case '0':
	case '1':
		return options.kills && is_alive(&actors[move - '0']) &&
		       !actors[0].is_dead && !actors[1].is_dead;
	default:
		return (actors[0].is_dead && !actors[0].is_settled) ||
		       (actors[1].is_dead && !actors[1].is_settled);
	}
}

/* What it has stored is not lost with it. */
static void end(struct actor *a)
{
	weave_flush(a);
	a->is_dead = true;
	memset(a->resume, 0, sizeof(a->resume));
}

static void recover(void)
{
	uint32_t dead = actors[0].is_dead ? 0 : 1;

	actors[dead].is_settled = true;
	if (weave_is_without("recovery"))
		return;
	weave_current = RECOVERER;
	world_recover(dead);
	weave_current = NOBODY;
}

static void move(char how)
{
	n_steps++;
	switch (how) {
	case 'A':
	case 'B':
		weave_run((uint32_t)(how - 'A'));
		break;
	case 'a':
	case 'b':
		weave_flush_one(&actors[how - 'a']);
		break;
	case '0':
	case '1':
		end(&actors[how - '0']);
		break;
	default:
		recover();
		break;
	}
}

static double explore(unsigned depth);

static double judge(unsigned depth, size_t at)
{
	const char *why = world_judge();

	n_ends++;
	if (why != NULL || weave_what_is_wrong != NULL)
		report_wrong(why != NULL ? why : weave_what_is_wrong, depth);
	restore(at);
	return 1;
}

static double explore_moves(unsigned depth, size_t at)
{
	static const char moves[] = "ABab01r";
	double ways = 0;
	bool any = false;

	for (const char *m = moves; *m != '\0' && !weave_again; m++) {
		if (!can(*m))
			continue;
		any = true;
		path[depth] = *m;
		move(*m);
		if (weave_what_is_wrong != NULL)
			report_wrong(weave_what_is_wrong, depth + 1);
		ways += explore(depth + 1);
		restore(at);
	}
	return any ? ways : judge(depth, at);
}

/* Returns how many ways lead to an end. */
static double explore(unsigned depth)
{
	size_t at = arena_at;
	struct seen *s;
	uint64_t h;
	double ways;

	save();
	h = hash(arena + at, arena_at - at) | 1;
	s = find(h);
	if (s->hash != 0 || weave_again || n_seen >= options.most ||
	    depth >= DEPTH_MAX) {
		arena_at = at;
		return s->hash != 0 ? s->ways : 0;
	}
	s->hash = h;
	n_seen++;
	if (n_seen * 2 > seen_size)
		enlarge();
	ways = explore_moves(depth, at);
	find(h)->ways = ways;
	arena_at = at;
	return ways;
}

static void forget_states(void)
{
	free(seen);
	seen = NULL;
	seen_size = 0;
	n_seen = n_steps = n_ends = 0;
	weave_forget_passes();
	enlarge();
}

/* Returns whether all states were seen. */
static bool weave(const struct scenario *scenario)
{
	double ways;

	memset(actors, 0, sizeof(actors));
	weave_forget_places();
	world_make(scenario);
	n_regions = world_regions(regions);
	for (uint32_t i = 0; i < N_ACTORS; i++)
		weave_start(i);
	arena_at = 0;
	save();
	do {
		weave_again = false;
		forget_states();
		ways = explore(0);
		restore(0);
	} while (weave_again);
	printf("# %s (%s, %s): %lu states, %lu steps, %g interleavings, %lu "
	       "ends%s\n",
	    scenario->name, scenario->script[0], scenario->script[1], n_seen,
	    n_steps, ways, n_ends, n_seen < options.most ? "" : ", not all");
	fflush(stdout);
	world_break();
	return n_seen < options.most;
}

static void read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "m:nw:")) != -1)
		switch (c) {
		case 'm':
			options.most = strtoul(optarg, NULL, 10);
			break;
		case 'w':
			options.without = optarg;
			break;
		case 'n':
			options.kills = false;
			break;
		default:
			fprintf(stderr,
			    "usage: weave [-n] [-m states] [-w what] "
			    "[scenario]\n");
			exit(EXIT_FAILURE);
		}
	if (optind < argc)
		options.only = argv[optind];
}

int main(int argc, char **argv)
{
	unsigned long states = 0, n = 0, complete = 0;

	read_options(argc, argv);
	arena = malloc(ARENA_SIZE);
	if (arena == NULL)
		return EXIT_FAILURE;
	for (unsigned i = 0; i < n_scenarios; i++) {
		if (strstr(scenarios[i].name, options.only) == NULL)
			continue;
		complete += weave(&scenarios[i]);
		states += n_seen;
		n++;
	}
	printf("%lu scenarios, %lu with all states; %lu states, nothing "
	       "wrong\n",
	    n, complete, states);
	return EXIT_SUCCESS;
}
