/* SPDX-License-Identifier: ISC */
/* bench_death.c - whether who lives notices that somebody else dies. */
#include "config.h"

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmem.h"
#include "mem/pool.h"
#include "tests/bench/bench_stat.h"

/*
 * usage: bench_death ROUNDS idle|work
 * Two programs attach at KMEMD_ATTACH. The survivor times each of its pairs:
 * free a random one of N_LIVE blocks, allocate another. The victim has as many
 * blocks, does nothing, or the same pairs, and is killed. A round has a window
 * without a death and, as long, one that begins with the kill.
 */
#define N_LIVE	    10000u
#define ROUNDS_MAX  10000
#define WINDOW_US   10000u
#define WORK_US	    500u   /* of the victim, at most, until it is killed */
#define SLOW_NS	    20000u /* a pair of which is asked: was it preempted? */
#define PATIENCE_NS 60000000000ull

/* ---- times -------------------------------------------------------------- */

#define STEPS	32u /* of a doubling */
#define BUCKETS (40u * STEPS)

struct times {
	uint64_t n, preempted;
	uint64_t longest_ns;	 /* of this window */
	uint64_t unpreempted_ns; /* the longest of all windows */
	uint64_t bucket[BUCKETS];
	uint32_t n_windows;
	double window[ROUNDS_MAX]; /* us: the longest pair of each */
};

static void times_add(struct times *t, uint64_t ns, bool was_preempted)
{
	size_t i = (size_t)(log2((double)(ns | 1)) * STEPS);

	t->bucket[i < BUCKETS ? i : BUCKETS - 1]++;
	t->n++;
	t->preempted += was_preempted;
	if (ns > t->longest_ns)
		t->longest_ns = ns;
	if (!was_preempted && ns > t->unpreempted_ns)
		t->unpreempted_ns = ns;
}

static void times_end_window(struct times *t)
{
	t->window[t->n_windows++] = (double)t->longest_ns / 1000;
	t->longest_ns = 0;
}

static double times_quantile(const struct times *t, double part)
{
	uint64_t left = (uint64_t)((double)t->n * part);
	size_t i = 0;

	while (i < BUCKETS - 1 && t->bucket[i] <= left)
		left -= t->bucket[i++];
	return exp2(((double)i + 0.5) / STEPS);
}

/* ---- what the three processes share ------------------------------------- */

enum phase {
	PHASE_PAUSE, /* not measured */
	PHASE_WITHOUT,
	PHASE_DEATH,
	PHASE_CLEAN, /* the survivor frees what the victim had */
	PHASE_QUIT
};

enum victim {
	VICTIM_STARTS,
	VICTIM_IS_READY
};

static struct stage {
	uint32_t phase; /* of the conductor; PAUSE again when CLEAN is done */
	uint32_t is_ready;  /* the survivor */
	uint32_t victim;    /* enum victim */
	uint32_t slot;	    /* the victim's */
	uint32_t recovered; /* the survivor has seen that it is */
	uint64_t killed_ns, recovered_ns;
	void *block[N_LIVE]; /* the victim's; NULL: not known */
	struct times without, death, recovery;
} * stage;

static uint32_t get(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void set(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static void fail(const char *why)
{
	fprintf(stderr, "bench_death: %s\n", why);
	exit(1);
}

static void nap_us(unsigned us)
{
	ppoll(NULL, 0, &(struct timespec){ 0, (long)us * 1000 }, NULL);
}

static void await(const uint32_t *word, uint32_t value, const char *what)
{
	uint64_t end = bench_now_ns() + PATIENCE_NS;

	while (get(word) != value) {
		if (bench_now_ns() > end || waitpid(-1, NULL, WNOHANG) > 0)
			fail(what);
		nap_us(100);
	}
}

/* ---- pairs -------------------------------------------------------------- */

static uint64_t seed;

/* xorshift64* */
static uint64_t any(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (seed * 0x2545f4914f6cdd1dull) >> 32;
}

/* 16..4096 bytes, log-uniform. */
static size_t any_size(void)
{
	size_t least = (size_t)16 << any() % 8;

	return least + any() % least;
}

/* A kill between the two leaves NULL, or what is free, which nobody frees. */
static void pair(void **at, size_t size)
{
	void *p = *at;

	*at = NULL;
	shm_free(p);
	*at = shm_malloc(size);
}

static void join(uint64_t with)
{
	struct km_attach_options opt = {
		.size = sizeof(opt),
		.flags = KM_ATTACH_NO_PKG,
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	seed = with * 0x9e3779b97f4a7c15ull | 1;
	if (km_attach(&opt) != 0)
		fail(km_attach_why());
}

static void fill(void **block)
{
	for (uint32_t i = 0; i < N_LIVE; i++) {
		block[i] = shm_malloc(any_size());
		if (block[i] == NULL)
			fail("the pool is too small");
	}
}

/* ---- the victim --------------------------------------------------------- */

static int go[2]; /* a pipe: the victim begins to work */

static void play_victim(uint64_t with)
{
	char byte;

	join(with);
	fill(stage->block);
	stage->slot = pool_slot_of_thread(KM_SHM);
	set(&stage->victim, VICTIM_IS_READY);
	/* Asleep, not polling: the survivor is to have a processor. */
	if (read(go[0], &byte, 1) == 1)
		for (;;)
			pair(&stage->block[any() % N_LIVE], any_size());
	exit(1);
}

/* ---- the survivor ------------------------------------------------------- */

static void *mine[N_LIVE];

static long n_preemptions(void)
{
	struct rusage use;

	getrusage(RUSAGE_THREAD, &use);
	return use.ru_nivcsw;
}

static bool is_recovered(void)
{
	struct km_pool *pool = pool_in_use(KM_SHM);
	const struct pool_slot *slot = pool_at(pool, pool->slots);
	uint32_t state = get(&slot[stage->slot].state);

	return state != SLOT_LIVE && state != SLOT_RECOVERING;
}

static void note(uint32_t phase, uint64_t ns, bool was_preempted)
{
	if (phase == PHASE_WITHOUT) {
		times_add(&stage->without, ns, was_preempted);
		return;
	}
	times_add(&stage->death, ns, was_preempted);
	if (stage->recovered)
		return;
	times_add(&stage->recovery, ns, was_preempted);
	if (is_recovered()) {
		stage->recovered_ns = bench_now_ns();
		set(&stage->recovered, 1);
	}
}

static void measure(uint32_t phase)
{
	long before = n_preemptions(), now;
	uint64_t begin, ns;
	uint32_t i;
	size_t size;

	while (get(&stage->phase) == phase) {
		i = (uint32_t)(any() % N_LIVE);
		size = any_size();
		begin = bench_now_ns();
		pair(&mine[i], size);
		ns = bench_now_ns() - begin;
		now = ns > SLOW_NS ? n_preemptions() : before;
		note(phase, ns, now != before);
		before = now;
	}
	times_end_window(
	    phase == PHASE_WITHOUT ? &stage->without : &stage->death);
	if (phase == PHASE_DEATH)
		times_end_window(&stage->recovery);
}

static void clean(void)
{
	for (uint32_t i = 0; i < N_LIVE; i++)
		shm_free(stage->block[i]);
	set(&stage->phase, PHASE_PAUSE);
}

static void play_survivor(void)
{
	uint32_t phase;

	join(1);
	fill(mine);
	set(&stage->is_ready, 1);
	while ((phase = get(&stage->phase)) != PHASE_QUIT)
		if (phase == PHASE_CLEAN)
			clean();
		else if (phase == PHASE_PAUSE)
			pair(&mine[any() % N_LIVE], any_size());
		else
			measure(phase);
	for (uint32_t i = 0; i < N_LIVE; i++)
		shm_free(mine[i]);
	exit(0);
}

/* ---- the conductor ------------------------------------------------------ */

static pid_t start(void (*play)(uint64_t), uint64_t with)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("cannot fork");
	if (pid == 0)
		play(with);
	return pid;
}

static void survivor(uint64_t unused)
{
	play_survivor();
}

static void window(enum phase phase)
{
	set(&stage->phase, phase);
	nap_us(WINDOW_US);
}

static void end_window(void)
{
	set(&stage->phase, PHASE_PAUSE);
	nap_us(1000);
}

static double play_round(uint64_t with, bool works)
{
	pid_t victim;

	set(&stage->victim, VICTIM_STARTS);
	set(&stage->recovered, 0);
	victim = start(play_victim, with);
	await(&stage->victim, VICTIM_IS_READY, "the victim does not start");
	window(PHASE_WITHOUT);
	end_window();
	if (works) {
		if (write(go[1], "", 1) != 1)
			fail("cannot write to a pipe");
		nap_us(100 + (unsigned)(any() % WORK_US));
	}
	stage->killed_ns = bench_now_ns();
	set(&stage->phase, PHASE_DEATH);
	kill(victim, SIGKILL);
	window(PHASE_DEATH);
	waitpid(victim, NULL, 0);
	await(&stage->recovered, 1, "the dead is not recovered");
	end_window();
	set(&stage->phase, PHASE_CLEAN);
	await(&stage->phase, PHASE_PAUSE, "the survivor does not go on");
	return (double)(stage->recovered_ns - stage->killed_ns) / 1e6;
}

/* Lines of a table: death.sh has its head. */
static void print(const char *name, struct times *t)
{
	bench_sort(t->window, t->n_windows);
	printf("%-18s %9llu %7.0f %7.0f %7.0f %8.1f %8.0f %8.0f %6llu\n", name,
	    (unsigned long long)t->n, times_quantile(t, 0.5),
	    times_quantile(t, 0.99), times_quantile(t, 0.999),
	    bench_quantile(t->window, t->n_windows, 0.5),
	    (double)t->unpreempted_ns / 1000,
	    bench_quantile(t->window, t->n_windows, 1),
	    (unsigned long long)t->preempted);
}

int main(int argc, char **argv)
{
	static double ms[ROUNDS_MAX];
	size_t n;

	if (argc != 3 ||
	    (strcmp(argv[2], "idle") != 0 && strcmp(argv[2], "work") != 0)) {
		fputs("usage: bench_death ROUNDS idle|work\n", stderr);
		return 2;
	}
	n = (size_t)bench_number(argv[1], ROUNDS_MAX);
	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (stage == MAP_FAILED || pipe(go) != 0)
		fail("no memory");
	seed = 4711;
	start(survivor, 0);
	await(&stage->is_ready, 1, "the survivor does not start");
	for (size_t i = 0; i < n; i++)
		ms[i] = play_round(i + 2, strcmp(argv[2], "work") == 0);
	set(&stage->phase, PHASE_QUIT);
	wait(NULL);
	bench_sort(ms, n);
	print("without", &stage->without);
	print("with a death", &stage->death);
	print("until recovered", &stage->recovery);
	printf("%zu deaths; recovered after ms: median %.2f, max %.2f\n", n,
	    bench_quantile(ms, n, 0.5), ms[n - 1]);
	return 0;
}
