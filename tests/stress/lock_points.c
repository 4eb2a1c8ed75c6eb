/* SPDX-License-Identifier: ISC */
/* lock_points.c - who has a lock, or waits, is killed at every instruction. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/hold.h"
#include "mem/lock.h"
#include "mem/pool.h"
#include "mem/slot.h"
#include "tests/stress/tracee.h"

/*
 * usage: lock_points [-a] [-n POINTS] [-x]
 * Helpers use a lock, a read-write lock and a condition for ever. A victim does
 * one operation, a machine instruction at a time, and is killed after so many
 * of them; then the helpers must go on, and whoever finds data half changed
 * must have been told. -a: after each instruction; -n: at so many of them. -x:
 * nobody looks after the dead, which is found.
 */
#define POOL_SIZE  ((size_t)1 << 20)
#define N_HELPERS  2
#define N_SLOTS	   4096
#define POINTS	   60u
#define PATIENCE_S 60
#define QUEUE_MAX  4

/* In shm. Two numbers are equal, but while somebody changes them. */
static struct shared {
	struct km_lock lock;
	struct km_rwlock rw;
	struct km_cond cond;
	long a, b; /* of lock */
	long c, d; /* of rw */
	int queue; /* of lock and cond */
	uint32_t count[N_HELPERS];
	int started, done; /* the victim's operation */
} * shared;

static struct km_pool *pool;
static pid_t helper[N_HELPERS];
static pid_t victim;
static unsigned n_points, deadlocks, broken;
static bool is_deaf;

/* ---- operations; false: data half changed, and nobody was told ----------- */

static bool get_lock(int rc)
{
	if (rc == KM_LOCK_OWNER_DIED)
		shared->b = shared->a;
	return rc >= 0 && shared->a == shared->b;
}

static bool get_rw(int rc)
{
	if (rc == KM_LOCK_OWNER_DIED)
		shared->d = shared->c;
	return rc >= 0 && __atomic_load_n(&shared->c, __ATOMIC_RELAXED) ==
			      __atomic_load_n(&shared->d, __ATOMIC_RELAXED);
}

static void change(long *one, long *other)
{
	__atomic_store_n(one, *one + 1, __ATOMIC_RELEASE);
	__atomic_store_n(other, *other + 1, __ATOMIC_RELEASE);
}

static bool use_lock(void)
{
	if (!get_lock(lock_get(&shared->lock)))
		return false;
	change(&shared->a, &shared->b);
	return lock_release(&shared->lock) == 0;
}

static bool use_try(void)
{
	int rc = lock_try(&shared->lock);

	if (rc == -KM_EBUSY)
		return true;
	if (!get_lock(rc))
		return false;
	change(&shared->a, &shared->b);
	return lock_release(&shared->lock) == 0;
}

static bool use_read(void)
{
	return get_rw(lock_read(&shared->rw)) &&
	       lock_rw_release(&shared->rw) == 0;
}

static bool use_write(void)
{
	if (!get_rw(lock_write(&shared->rw)))
		return false;
	change(&shared->c, &shared->d);
	return lock_rw_release(&shared->rw) == 0;
}

static bool use_signal(void)
{
	if (!get_lock(lock_get(&shared->lock)))
		return false;
	if (shared->queue < QUEUE_MAX)
		shared->queue++;
	lock_cond_signal(&shared->cond);
	return lock_release(&shared->lock) == 0;
}

static bool use_broadcast(void)
{
	if (!get_lock(lock_get(&shared->lock)))
		return false;
	shared->queue = QUEUE_MAX;
	lock_cond_broadcast(&shared->cond);
	return lock_release(&shared->lock) == 0;
}

/* It waits once at least, so there is a wait to be killed in. */
static bool use_wait(void)
{
	bool good = get_lock(lock_get(&shared->lock));

	do
		good = good &&
		       get_lock(lock_cond_wait(&shared->cond, &shared->lock));
	while (good && shared->queue == 0);
	shared->queue--;
	return good && lock_release(&shared->lock) == 0;
}

static const struct operation {
	const char *name;
	bool (*run)(void);
} operations[] = {
	{ "lock", use_lock },
	{ "try", use_try },
	{ "read", use_read },
	{ "write", use_write },
	{ "signal", use_signal },
	{ "broadcast", use_broadcast },
	{ "wait", use_wait },
};
#define N_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* ---- helpers ------------------------------------------------------------ */

/* One gives and one takes, so that neither has to wait for the victim. */
static void help(int n)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (!use_lock() || !use_read() || !use_write() ||
		    !(n == 0 ? use_signal() : use_wait()))
			_exit(EXIT_FAILURE);
		__atomic_add_fetch(&shared->count[n], 1, __ATOMIC_SEQ_CST);
	}
}

static uint32_t new_slot(void)
{
	uint32_t slot;

	if (slot_claim(pool, &slot) != 0) {
		fprintf(stderr, "lock_points: no slot is left\n");
		exit(EXIT_FAILURE);
	}
	slot_set(pool, slot, (int32_t)getpid(), 0, "lock_points");
	return slot;
}

static pid_t start(uint32_t slot, void (*play)(int), int arg)
{
	pid_t pid = fork();

	if (pid < 0) {
		perror("lock_points: fork");
		exit(EXIT_FAILURE);
	}
	if (pid == 0) {
		pool_use(KM_SHM, pool, slot);
		play(arg);
	}
	return pid;
}

static uint32_t count_of(int n)
{
	return __atomic_load_n(&shared->count[n], __ATOMIC_SEQ_CST);
}

/* Each helper has come round twice since. */
static bool helpers_go_on(void)
{
	uint32_t before[N_HELPERS];
	time_t end = time(NULL) + PATIENCE_S;

	for (int n = 0; n < N_HELPERS; n++)
		before[n] = count_of(n);
	for (int n = 0; n < N_HELPERS; n++)
		while (count_of(n) - before[n] < 2) {
			if (waitpid(helper[n], NULL, WNOHANG) != 0) {
				printf(
				    "# helper %d found data half changed\n", n);
				broken++;
				return false;
			}
			if (time(NULL) > end) {
				printf("# helper %d does not go on\n", n);
				deadlocks++;
				return false;
			}
			sched_yield();
		}
	return true;
}

/* ---- a victim ----------------------------------------------------------- */

static void be_victim(int which)
{
	/* Once before: its site is known then, and its functions are bound. */
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(TRACEE_SKIPPED);
	if (!operations[which].run())
		_exit(EXIT_FAILURE);
	raise(SIGSTOP);
	__atomic_store_n(&shared->started, 1, __ATOMIC_RELEASE);
	if (!operations[which].run())
		_exit(EXIT_FAILURE);
	__atomic_store_n(&shared->done, 1, __ATOMIC_RELEASE);
	raise(SIGSTOP);
	_exit(EXIT_SUCCESS);
}

static void on_alarm(int signo)
{
	if (victim > 0)
		kill(victim, SIGKILL);
}

/* False: it has ended. */
static bool is_stopped(void)
{
	int status;

	tracee_wait(victim, &status);
	if (WIFEXITED(status) && WEXITSTATUS(status) == TRACEE_SKIPPED)
		exit(TRACEE_SKIPPED);
	if (WIFEXITED(status))
		broken++;
	if (!WIFSTOPPED(status))
		victim = 0;
	return WIFSTOPPED(status);
}

static bool step(void)
{
	return ptrace(PTRACE_SINGLESTEP, victim, NULL, NULL) == 0 &&
	       is_stopped();
}

/* Of its operation. Returns how many it did: fewer when that was the end. */
static unsigned step_on(unsigned most)
{
	unsigned n = 0;

	while (victim > 0 &&
	       __atomic_load_n(&shared->started, __ATOMIC_ACQUIRE) == 0)
		if (!step())
			return 0;
	while (
	    n < most && __atomic_load_n(&shared->done, __ATOMIC_ACQUIRE) == 0) {
		if (!step())
			return 0;
		n++;
	}
	return n;
}

static bool holds_nothing(uint32_t slot)
{
	const struct pool_holds *holds =
	    (struct pool_holds *)pool_at(pool, pool->holds) + slot;
	bool nothing = holds->waits.lock == 0;

	for (unsigned i = 0; i < sizeof(holds->has) / sizeof(holds->has[0]);
	     i++)
		nothing = nothing && holds->has[i].lock == 0;
	return nothing;
}

/* Killed after so many instructions. Returns how many it did; 0: no good. */
static unsigned try_point(unsigned which, unsigned most)
{
	uint32_t slot = new_slot();
	unsigned n;

	shared->started = shared->done = 0;
	victim = start(slot, be_victim, (int)which);
	alarm(PATIENCE_S);
	n = is_stopped() ? step_on(most) : 0;
	alarm(0);
	if (n == 0)
		printf(
		    "# %s: the victim did not go on\n", operations[which].name);
	deadlocks += n == 0 && broken == 0;
	if (victim > 0)
		kill(victim, SIGKILL);
	while (victim > 0 && is_stopped())
		;
	if (!is_deaf)
		slot_dead(pool, slot);
	n_points++;
	if (holds_nothing(slot))
		return helpers_go_on() ? n : 0;
	printf("# %s: the dead is still noted\n", operations[which].name);
	broken++;
	return 0;
}

static bool try_operation(unsigned which, unsigned points)
{
	unsigned all = try_point(which, 1u << 20), n;

	for (unsigned i = 0; all > 0 && i < points && i < all; i++) {
		n = points < all ? (unsigned)((uint64_t)i * all / points) : i;
		if (try_point(which, n + 1) == 0) {
			printf("# %s, killed after %u instructions\n",
			    operations[which].name, n + 1);
			return false;
		}
	}
	printf("# %s: about %u instructions\n", operations[which].name, all);
	return all > 0;
}

/* ---- all of it ---------------------------------------------------------- */

static int open_pool(void)
{
	struct pool_options opt = { .kind = KM_SHM,
		.manager = "slab",
		.name = "shm",
		.n_slots = N_SLOTS,
		.size = POOL_SIZE * 4 };
	void *map = mmap(NULL, opt.size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || pool_create(map, &opt, &pool) != 0)
		return -1;
	pool_use(KM_SHM, pool, new_slot());
	shared = shm_mallocxz(sizeof(*shared));
	if (shared == NULL || lock_init(&shared->lock) == NULL ||
	    lock_rw_init(&shared->rw) == NULL)
		return -1;
	lock_cond_init(&shared->cond);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned points = POINTS;
	int c;

	while ((c = getopt(argc, argv, "an:x")) != -1)
		if (c == 'a')
			points = UINT32_MAX;
		else if (c == 'n')
			points = (unsigned)atoi(optarg);
		else if (c == 'x')
			is_deaf = true;
		else
			return EXIT_FAILURE;
	signal(SIGALRM, on_alarm);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (open_pool() != 0)
		return EXIT_FAILURE;
	for (int n = 0; n < N_HELPERS; n++)
		helper[n] = start(new_slot(), help, n);
	for (unsigned i = 0; i < N_OPERATIONS; i++)
		if (!try_operation(i, points))
			break;
	for (int n = 0; n < N_HELPERS; n++)
		kill(helper[n], SIGKILL);
	while (wait(NULL) > 0)
		;
	printf("%u kill points, %u deadlocks, %u times broken\n", n_points,
	    deadlocks, broken);
	return deadlocks + broken == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
