/* SPDX-License-Identifier: ISC */
/* kill_step.c - a victim that goes a machine instruction at a time. */
#include "config.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "mem/shm_mem.h"
#include "mem/slot.h"
#include "tests/stress/kill_points.h"
#include "tests/stress/tracee.h"

#define PATIENCE_S 20

struct board *board;
struct km_pool *pool;

static int fd; /* of the pool */
static pid_t victim;
static volatile sig_atomic_t is_late;

void give_up(const char *what)
{
	if (victim > 0)
		kill(victim, SIGKILL);
	tracee_give_up(what);
}

static void on_alarm(int signo)
{
	is_late = 1;
	if (victim > 0)
		kill(victim, SIGKILL);
}

static void on_line(int level, const char *text)
{
	if (strstr(text, "free already") != NULL ||
	    strstr(text, "no block") != NULL ||
	    strstr(text, "not in this pool") != NULL)
		board->misused++;
}

/* ---- a trial ------------------------------------------------------------ */

void open_pool(unsigned flags)
{
	struct pool_options opt = { .kind = KM_SHM,
		.manager = world->manager,
		.name = "shm",
		.n_slots = N_SLOTS,
		.size = world->pool_size };
	struct km_mem_info info;
	uint32_t slot;

	if ((flags & OP_GROWS) != 0)
		opt.max_size = MAP_SIZE;
	pool_use(KM_SHM, NULL, 0);
	memset(board, 0, sizeof(*board));
	if (ftruncate(fd, 0) != 0 || ftruncate(fd, MAP_SIZE) != 0)
		give_up("ftruncate");
	if (pool_create(pool, &opt, &pool) != 0)
		give_up("pool_create");
	for (unsigned i = 0; i < N_NAMED; i++)
		if (slot_claim(pool, &slot) == 0)
			slot_set(pool, slot, (int32_t)getpid(), 0, "tester");
	pool_use(KM_SHM, pool, TESTER);
	shm_info(&info);
	board->fresh = info.free;
	if ((flags & OP_EMPTY) == 0)
		world->prepare();
}

static void be_victim(const struct operation *op, uint32_t slot)
{
	slot_set(pool, slot, (int32_t)getpid(), 1, "victim");
	pool_use(KM_SHM, pool, slot);
	if (op->prepare != NULL)
		op->prepare();
	judge_sums(&board->before);
	board->result = NULL;
	board->started = board->done = 0;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(errno == EPERM || errno == ENOSYS ? TRACEE_SKIPPED : 1);
	raise(SIGSTOP);
	__atomic_store_n(&board->started, 1, __ATOMIC_RELEASE);
	op->run();
	__atomic_store_n(&board->done, 1, __ATOMIC_RELEASE);
	if (board->result != NULL)
		memset(board->result, 0xee, 16);
	raise(SIGSTOP);
	_exit(0);
}

/* Until it stops, or has ended. Returns the signal that it stopped at, or 0. */
static int wait_for(pid_t pid)
{
	int status;

	if (tracee_wait(pid, &status))
		return WSTOPSIG(status);
	victim = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == TRACEE_SKIPPED) {
		errno = EPERM;
		give_up("ptrace");
	}
	return 0;
}

void end_victim(pid_t pid)
{
	if (victim == 0)
		return;
	kill(pid, SIGKILL);
	while (wait_for(pid) != 0)
		;
}

/* One instruction. False: the operation is done. */
bool step(pid_t pid)
{
	int signo;

	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0)
		give_up("PTRACE_SINGLESTEP");
	signo = wait_for(pid);
	if (signo != SIGTRAP) {
		errno = 0;
		fprintf(stderr, "signal %d\n", signo);
		give_up("the victim crashed");
	}
	return __atomic_load_n(&board->done, __ATOMIC_ACQUIRE) == 0;
}

/* It stands before the first instruction of its operation. */
pid_t launch(const struct operation *op, uint32_t slot)
{
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork");
	if (pid == 0)
		be_victim(op, slot);
	victim = pid;
	if (wait_for(pid) != SIGSTOP)
		give_up("the victim did not start");
	while (__atomic_load_n(&board->started, __ATOMIC_ACQUIRE) == 0)
		step(pid);
	return pid;
}

/* Until the end of its operation. */
bool go_on(pid_t pid, bool *late)
{
	is_late = 0;
	alarm(PATIENCE_S);
	while (victim != 0 && board->done == 0) {
		if (ptrace(PTRACE_CONT, pid, NULL, NULL) != 0)
			break;
		if (wait_for(pid) != SIGSTOP)
			break;
	}
	alarm(0);
	*late = is_late != 0;
	return board->done != 0;
}

/* What the kernel does to a robust mutex when the thread ends that has it. */
static void mark_dead(pthread_mutex_t *lock, pid_t pid)
{
	uint32_t *word = (uint32_t *)&lock->__data.__lock;

	if ((*word & FUTEX_TID_MASK) == (uint32_t)pid)
		*word = (*word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
}

/* In a process with a pool of its own, which is as it is now. */
enum verdict ask_judge(const struct operation *op)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		give_up("fork");
	if (pid == 0) {
		if (mmap(pool, MAP_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED)
			_exit(VERDICT__COUNT);
		if (world->lock != NULL && victim != 0)
			mark_dead(world->lock(), victim);
		signal(SIGALRM, SIG_DFL);
		alarm(PATIENCE_S);
		_exit((int)judge(op));
	}
	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			give_up("waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) < VERDICT__COUNT)
		return (enum verdict)WEXITSTATUS(status);
	snprintf(board->why, sizeof(board->why), "signal %d",
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM
		   ? DEADLOCK
		   : INCONSISTENT;
}

/* ---- has it changed? ---------------------------------------------------- */

static char before[MAP_SIZE];

bool differs(size_t from, size_t size)
{
	if (memcmp(before + from, (char *)pool + from, size) == 0)
		return false;
	memcpy(before + from, (char *)pool + from, size);
	return true;
}

void open_trials(void)
{
	struct sigaction on = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &on, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	km_log_set_writer(on_line);
	fd = memfd_create("kill_points", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, MAP_SIZE) != 0)
		give_up("memfd_create");
	pool = mmap(NULL, MAP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pool == MAP_FAILED || board == MAP_FAILED)
		give_up("mmap");
}
