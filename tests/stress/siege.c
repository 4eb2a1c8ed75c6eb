/* SPDX-License-Identifier: ISC */
/* siege.c - all attacks at once, and what a well-behaved client sees. */
#include "config.h"

#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/stress/attack.h"
#include "tests/stress/talk.h"

/*
 * usage: siege SOCKET SUPERVISOR-PID SECONDS [ATTACK...]
 * All attacks, or those, for that long, while it asks core.shmmem on an open
 * connection, kills workers and sends signals to the supervisor; then waits
 * until that has as many descriptors as before. Prints a line for each attack
 * and
 *
 *   asked=... median_ms=... p99_ms=... worst_ms=... killed=... signals=...
 *   heap_before_kb=... heap_most_kb=... heap_after_kb=... fds_before=...
 *   fds_after=...
 *
 * Exits with 1 when an answer was wrong, or none came.
 */
#define TIMEOUT_MS  60000 /* no answer at all */
#define FINISH_MS   30000 /* for a round that has begun */
#define RECOVER_MS  20000 /* for the supervisor to be as before */
#define KILL_MS	    50	  /* between two deaths */
#define SIGNAL_MS   20	  /* between two signals */
#define SAMPLES_MAX 4000000
#define ASK	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"core.shmmem\"}\n"
#define LIST	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"core.psx\"}\n"

static struct {
	const char *path;
	pid_t supervisor;
	double until;
	struct talk talk;
	struct attack_tally *tally; /* shared with the attackers */
	pid_t *attacker;
	size_t attackers; /* that are there */
	double *ms;	  /* of each call */
	size_t asked;
	long killed, signals, heap_most;
} h;

static int is_chosen(const char *name, char **names)
{
	if (*names == NULL)
		return 1;
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return 1;
	return 0;
}

static void start_attack(size_t i)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	h.attacker[i] = pid;
	h.attackers++;
	if (pid > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	srandom((unsigned)i + 1);
	attack_run(&attacks[i], h.path, h.until, &h.tally[i]);
	_exit(0);
}

static void fail(const char *what, const char *answer)
{
	fprintf(stderr, "%s: %s\n", what, answer != NULL ? answer : "none");
	exit(1);
}

static void ask(void)
{
	double begin = talk_now_ms();
	const char *answer = talk_ask(&h.talk, ASK, TIMEOUT_MS);

	if (answer == NULL || strstr(answer, "\"real_used\"") == NULL)
		fail("core.shmmem", answer);
	if (h.asked < SAMPLES_MAX)
		h.ms[h.asked++] = talk_now_ms() - begin;
}

static void kill_worker(void)
{
	const char *answer = talk_ask(&h.talk, LIST, TIMEOUT_MS);
	struct json_object *reply, *rows, *pid;
	size_t n;

	reply = answer != NULL ? json_tokener_parse(answer) : NULL;
	if (!json_object_object_get_ex(reply, "result", &rows))
		fail("core.psx", answer);
	n = json_object_array_length(rows);
	if (n > 1) {
		/* Row 0 is the supervisor; one that is dead already is fine. */
		rows = json_object_array_get_idx(
		    rows, 1 + (size_t)random() % (n - 1));
		json_object_object_get_ex(rows, "PID", &pid);
		if (json_object_get_int(pid) > 1 &&
		    kill((pid_t)json_object_get_int(pid), SIGKILL) == 0)
			h.killed++;
	}
	json_object_put(reply);
}

static void send_signal(void)
{
	if (kill(h.supervisor, h.signals % 2 == 0 ? SIGHUP : SIGUSR1) == 0)
		h.signals++;
}

static void look_at_heap(void)
{
	long kb = talk_status_kb(h.supervisor, "RssAnon");

	if (kb > h.heap_most)
		h.heap_most = kb;
}

/* An attack that has begun a round goes on to the end of it. */
static int is_under_attack(void)
{
	while (h.attackers > 0 && waitpid(-1, NULL, WNOHANG) > 0)
		h.attackers--;
	return h.attackers > 0 && talk_now_ms() < h.until + FINISH_MS;
}

static void witness(void)
{
	double next_kill = talk_now_ms(), next_signal = next_kill;

	while (is_under_attack()) {
		ask();
		if (talk_now_ms() >= next_kill) {
			kill_worker();
			next_kill = talk_now_ms() + KILL_MS;
		}
		if (talk_now_ms() >= next_signal) {
			send_signal();
			look_at_heap();
			next_signal = talk_now_ms() + SIGNAL_MS;
		}
	}
}

/* Those that do not come to an end, whatever they are in the middle of. */
static void end_attacks(void)
{
	for (size_t i = 0; h.attackers > 0 && i < attacks_count; i++)
		if (h.attacker[i] > 0)
			kill(h.attacker[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}

static int print_attacks(void)
{
	int wrong = 0;

	for (size_t i = 0; i < attacks_count; i++) {
		const struct attack_tally *tally = &h.tally[i];

		if (h.attacker[i] == 0)
			continue;
		printf("attack: %s: rounds=%ld good=%ld bad=%ld\n",
		    attacks[i].name, tally->rounds, tally->good, tally->bad);
		wrong |= tally->bad > 0;
		wrong |= attacks[i].is_answered && tally->good == 0;
	}
	return wrong;
}

static void recover(long fds)
{
	double until = talk_now_ms() + RECOVER_MS;

	while (talk_descriptors(h.supervisor) != fds && talk_now_ms() < until)
		poll(NULL, 0, 20);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void start(char **argv)
{
	h.path = argv[1];
	h.supervisor = (pid_t)talk_number(argv[2]);
	h.until = talk_now_ms() + 1e3 * (double)talk_number(argv[3]);
	h.attacker = calloc(attacks_count, sizeof(*h.attacker));
	h.ms = calloc(SAMPLES_MAX, sizeof(*h.ms));
	h.tally = mmap(NULL, attacks_count * sizeof(*h.tally),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (h.attacker == NULL || h.ms == NULL || h.tally == MAP_FAILED ||
	    talk_open(&h.talk, h.path) < 0) {
		perror(h.path);
		exit(2);
	}
	ask(); /* the server has accepted us when it answers */
}

int main(int argc, char **argv)
{
	long fds, heap;
	int wrong;

	if (argc < 4) {
		fputs("usage: siege SOCKET PID SECONDS [ATTACK...]\n", stderr);
		return 2;
	}
	start(argv);
	fds = talk_descriptors(h.supervisor);
	heap = talk_status_kb(h.supervisor, "RssAnon");
	for (size_t i = 0; i < attacks_count; i++)
		if (is_chosen(attacks[i].name, argv + 4))
			start_attack(i);
	witness();
	end_attacks();
	wrong = print_attacks();
	recover(fds);
	qsort(h.ms, h.asked, sizeof(h.ms[0]), compare);
	printf("asked=%zu median_ms=%.3f p99_ms=%.3f worst_ms=%.3f killed=%ld "
	       "signals=%ld heap_before_kb=%ld heap_most_kb=%ld "
	       "heap_after_kb=%ld fds_before=%ld fds_after=%ld\n",
	    h.asked, h.ms[h.asked / 2],
	    h.ms[(size_t)((double)(h.asked - 1) * 0.99)], h.ms[h.asked - 1],
	    h.killed, h.signals, heap, h.heap_most,
	    talk_status_kb(h.supervisor, "RssAnon"), fds,
	    talk_descriptors(h.supervisor));
	return wrong;
}
