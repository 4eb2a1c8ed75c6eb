/* SPDX-License-Identifier: ISC */
/* storm.c - the conductor: kills, waits for recovery, has the judge look. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/stress/storm.h"

#define PAUSE_MAX_US	    20000u /* between two rounds; a start takes a quarter */
#define SUPERVISOR_EVERY_US 2000000u
#define ALIVE_MIN	    2u /* participants that survive a round */

static const char *const spoil_names[] = {
	[SPOIL_NOTHING] = "nothing",
	[SPOIL_LOSE] = "lose",
	[SPOIL_FREE] = "free",
	[SPOIL_WRITE] = "write",
	[SPOIL_HANG] = "hang",
	[SPOIL_DEAF] = "deaf",
};
_Static_assert(sizeof(spoil_names) / sizeof(spoil_names[0]) == SPOIL__COUNT,
    "a name for each");

static struct {
	unsigned long kills;
	uint64_t seed;
	enum spoil spoil;
	bool calm;	 /* all stand still when one is killed */
	bool supervisor; /* is killed as well, now and then */
} options = { 300, 0, SPOIL_NOTHING, false, false };

static struct crew crew = {
	.kmemd = "daemon/kmemd",
	.modules = "tests/stress/.libs",
};

static struct {
	unsigned long kills, rounds, at_work, supervisors;
	struct verdicts verdicts;
	uint32_t *us; /* from a kill to the end of its recovery */
	unsigned long n_us;
	uint64_t next_supervisor; /* us */
} total;

/* ---- a round ------------------------------------------------------------ */

struct victim {
	uint32_t seat;
	int32_t pid;
	bool counts; /* it was at work: it had a slot */
	bool is_recovered;
	uint64_t killed_at; /* us */
};

struct round {
	struct victim victim[N_SEATS];
	unsigned n;
	bool dead[N_SEATS];
};

static void choose(struct round *round)
{
	unsigned most = N_SEATS - ALIVE_MIN;
	/* One, and now and then several. */
	uint64_t r = storm_random(&crew.seed);
	unsigned n = r % 4 != 0 ? 1 : 1 + (unsigned)(r >> 8) % most;

	*round = (struct round){ 0 };
	for (unsigned tries = 0; round->n < n && tries < 100; tries++) {
		uint32_t s = (uint32_t)(storm_random(&crew.seed) % N_SEATS);
		const struct seat *seat = &crew.board->seat[s];

		if (round->dead[s] || seat->pid == 0)
			continue;
		round->dead[s] = true;
		round->victim[round->n++] =
		    (struct victim){ .seat = s, .pid = seat->pid };
	}
}

static void strike(struct round *round)
{
	for (unsigned i = 0; i < round->n; i++) {
		struct victim *v = &round->victim[i];
		const struct seat *seat = &crew.board->seat[v->seat];

		for (uint32_t h = 0; h < N_HANDS; h++)
			v->counts |= seat->hand[h] != HAND_NONE;
		v->killed_at = storm_now_us();
		kill(v->pid, SIGKILL);
		total.kills++;
		total.at_work += v->counts;
	}
	for (unsigned i = 0; i < round->n; i++)
		if (round->victim[i].seat < N_OUTSIDE)
			waitpid(round->victim[i].pid, NULL, 0);
}

/* Each victim's time is noted when it is first seen. */
static bool are_recovered(void *arg)
{
	struct round *round = arg;
	bool all = true;

	for (unsigned i = 0; i < round->n; i++) {
		struct victim *v = &round->victim[i];

		if (v->is_recovered)
			continue;
		v->is_recovered = judge_is_recovered(v->pid);
		if (v->is_recovered && v->counts)
			total.us[total.n_us++] =
			    (uint32_t)(storm_now_us() - v->killed_at);
		all &= v->is_recovered;
	}
	return all;
}

/* Nobody waits for them to stand still. */
static void note_dead(const struct round *round)
{
	for (unsigned i = 0; i < round->n; i++) {
		struct seat *seat = &crew.board->seat[round->victim[i].seat];

		memset(seat->hand, 0, sizeof(seat->hand));
	}
}

static void replace(const struct round *round)
{
	for (unsigned i = 0; i < round->n; i++) {
		struct seat *seat = &crew.board->seat[round->victim[i].seat];

		if (round->victim[i].seat < N_OUTSIDE)
			crew_spawn(&crew, round->victim[i].seat);
		else
			/* The new worker waits for this. */
			__atomic_store_n(&seat->pid, 0, __ATOMIC_RELEASE);
	}
}

static bool give_up(const char *why)
{
	printf("# round %lu: %s\n", total.rounds, why);
	total.verdicts.deadlocks++;
	return false;
}

static void pause_a_while(void)
{
	uint64_t r = storm_random(&crew.seed);
	uint64_t us = (r >> 2) % (r % 4 == 0 ? PAUSE_MAX_US / 4 : PAUSE_MAX_US);

	ppoll(NULL, 0, &(struct timespec){ 0, (long)us * 1000 }, NULL);
}

static void turn_tide(void)
{
	static const uint8_t tides[] = { 0, 0, 100, 200, 250 };

	if (storm_random(&crew.seed) % 16 == 0)
		crew.board->tide =
		    tides[storm_random(&crew.seed) % sizeof(tides)];
}

/* Its workers end with it. */
static bool replace_kmemd(struct round *round)
{
	for (unsigned i = 0; i < round->n; i++)
		/* That kmemd starts is not a part of recovery. */
		round->victim[i].counts = false;
	crew_kill_kmemd(&crew);
	total.kills++;
	total.supervisors++;
	total.next_supervisor = storm_now_us() + SUPERVISOR_EVERY_US;
	for (uint32_t s = N_OUTSIDE; s < N_SEATS; s++)
		if (!round->dead[s] && crew.board->seat[s].pid != 0) {
			round->dead[s] = true;
			round->victim[round->n++] = (struct victim){ .seat = s,
				.pid = crew.board->seat[s].pid };
		}
	return crew_start_kmemd(&crew) == 0;
}

static bool play_round(void)
{
	struct round round;

	total.rounds++;
	turn_tide();
	pause_a_while();
	choose(&round);
	if (options.calm && !crew_halt(&crew))
		return give_up("somebody does not stand still");
	strike(&round);
	if (options.supervisor && storm_now_us() > total.next_supervisor &&
	    !replace_kmemd(&round))
		return give_up("kmemd does not start again");
	if (!storm_await(are_recovered, &round)) {
		for (unsigned i = 0; i < round.n; i++)
			if (!round.victim[i].is_recovered)
				printf("# pid %d in seat %u\n",
				    (int)round.victim[i].pid,
				    round.victim[i].seat);
		return give_up("the dead are not recovered");
	}
	note_dead(&round);
	if (!crew_halt(&crew))
		return give_up("somebody does not go on");
	judge_look(round.dead, &total.verdicts);
	replace(&round);
	crew_resume(&crew);
	return true;
}

/* ---- the end ------------------------------------------------------------ */

static bool all_quit(void *unused)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (uint32_t i = 0; i < N_OUTSIDE; i++)
			if (crew.pid[i] == pid)
				crew.pid[i] = 0;
	for (uint32_t i = 0; i < N_OUTSIDE; i++)
		if (crew.pid[i] != 0)
			return false;
	for (uint32_t i = 0; i < N_SEATS; i++)
		if (crew.board->seat[i].hand[0] != HAND_NONE)
			return false;
	for (uint32_t i = 0; i < N_OUTSIDE; i++)
		if (!judge_is_recovered(crew.board->seat[i].pid))
			return false;
	return true;
}

static bool is_recovered(void *pid)
{
	return judge_is_recovered(*(int32_t *)pid);
}

/* All leave; then there is what there was at the beginning. */
static void finish(void)
{
	int32_t pid;

	crew.board->quit = 1;
	crew_resume(&crew);
	if (!storm_await(all_quit, NULL)) {
		give_up("somebody does not end");
		return;
	}
	pid = crew_drain();
	if (pid < 0 || !storm_await(is_recovered, &pid))
		give_up("the cells cannot be emptied");
	else
		judge_end(&total.verdicts);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Returns whether all is well. */
static bool report(void)
{
	const struct verdicts *v = &total.verdicts;
	uint64_t ops = 0;
	double median = 0, max = 0;

	qsort(total.us, total.n_us, sizeof(*total.us), by_value);
	if (total.n_us > 0) {
		median = total.us[total.n_us / 2] / 1000.0;
		max = total.us[total.n_us - 1] / 1000.0;
	}
	for (uint32_t i = 0; i < N_SEATS; i++)
		ops += crew.board->seat[i].n_ops;
	if (options.supervisor)
		printf("# %lu of the killed were kmemd\n", total.supervisors);
	printf("# %lu rounds, %" PRIu64 " operations; %lu of the killed were "
	       "at work, %lu had a block that nobody knew; %" PRIu64
	       " times there was no memory\n",
	    total.rounds, ops, total.at_work, v->orphans,
	    crew.board->n_refused);
	printf("%lu kills, %lu deadlocks, %lu inconsistent heaps, %lu bytes "
	       "lost, %lu double handouts, recovery median %.3f ms, max %.3f "
	       "ms\n",
	    total.kills, v->deadlocks, v->inconsistent, v->bytes_lost, v->twice,
	    median, max);
	return v->deadlocks + v->inconsistent + v->bytes_lost + v->twice == 0;
}

/* ---- options ------------------------------------------------------------ */

static void usage(void)
{
	fprintf(stderr,
	    "usage: storm [--rounds KILLS] [--seed SEED] [--kmemd PROGRAM] "
	    "[--modules DIR] [--patience SECONDS] [--spoil WHAT] "
	    "[--supervisor] [--calm]\n");
	exit(EXIT_FAILURE);
}

static enum spoil find_spoil(const char *name)
{
	for (int i = 0; i < SPOIL__COUNT; i++)
		if (strcmp(spoil_names[i], name) == 0)
			return (enum spoil)i;
	usage();
	return SPOIL_NOTHING;
}

static void read_options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "rounds", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "kmemd", required_argument, NULL, 'k' },
		{ "modules", required_argument, NULL, 'm' },
		{ "spoil", required_argument, NULL, 'x' },
		{ "patience", required_argument, NULL, 'p' },
		{ "supervisor", no_argument, NULL, 'S' },
		{ "calm", no_argument, NULL, 'c' },
		{ NULL },
	};
	int c;

	options.seed = (uint64_t)getpid();
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
		switch (c) {
		case 'n':
			options.kills = strtoul(optarg, NULL, 10);
			break;
		case 's':
			options.seed = strtoull(optarg, NULL, 10);
			break;
		case 'k':
			crew.kmemd = optarg;
			break;
		case 'm':
			crew.modules = optarg;
			break;
		case 'x':
			options.spoil = find_spoil(optarg);
			break;
		case 'p':
			storm_patience_s = (unsigned)atoi(optarg);
			break;
		case 'S':
			options.supervisor = true;
			break;
		case 'c':
			options.calm = true;
			break;
		default:
			usage();
		}
	if (optind != argc)
		usage();
}

static bool open_storm(void)
{
	crew.seed = options.seed * 0x9e3779b97f4a7c15ull + 1;
	total.us = calloc(options.kills + N_SEATS, sizeof(*total.us));
	if (total.us == NULL || crew_open(&crew) != 0 ||
	    crew_start_kmemd(&crew) != 0 || judge_open(crew.board) != 0) {
		fprintf(stderr, "storm: %s does not start: %s\n", crew.kmemd,
		    strerror(errno));
		return false;
	}
	for (uint32_t i = 0; i < N_OUTSIDE; i++)
		crew_spawn(&crew, i);
	crew_resume(&crew);
	return true;
}

static int conduct(int argc, char **argv)
{
	bool ok;

	read_options(argc, argv);
	printf("# seed %" PRIu64 "\n", options.seed);
	fflush(stdout);
	ok = open_storm();
	if (ok) {
		crew.board->spoil = options.spoil;
		if (options.spoil == SPOIL_DEAF)
			kill(crew.supervisor, SIGSTOP);
		while (total.kills < options.kills && play_round())
			;
		if (total.verdicts.deadlocks == 0)
			finish();
		total.verdicts.inconsistent += crew_count_bugs(&crew);
		ok = report();
	}
	crew_close(&crew, !ok);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "--seat") == 0)
		return storm_part_main((uint32_t)strtoul(argv[2], NULL, 10),
		    strtoull(argv[3], NULL, 10));
	if (argc == 2 && strcmp(argv[1], "--drain") == 0)
		return storm_drain_main();
	return conduct(argc, argv);
}
