/* SPDX-License-Identifier: ISC */
/* fork_points.c - the child of a program is killed on its way into the chunk.
 */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kmem.h"
#include "mem/pool.h"
#include "mem/slot.h"
#include "tests/stress/tracee.h"

/*
 * usage: fork_points
 * A program that has attached at KMEMD_ATTACH forks again and again. The child
 * is stopped where it enters and leaves each system call, from the fork until
 * it has attached by itself and has a block of both pools, has detached,
 * attached once more as any program does, has a block again and has detached;
 * and is killed at the first, the second and so on. Its parent and others go
 * on, and in the end there is nothing of it.
 */
#define PATIENCE_S 60

static struct board {
	int done;	/* the child has all it is to have */
	unsigned count; /* pairs of the parent, one behind each fork */
} * board;

static int go[2]; /* a pipe: the parent forks */

static void be_child(void)
{
	void *p = shm_malloc_owned(100), *q = pkg_malloc(100);

	if (p == NULL || q == NULL || km_detach() != 0)
		_exit(EXIT_FAILURE);
	if (km_attach(NULL) != 0 || shm_malloc_owned(100) == NULL ||
	    km_detach() != 0)
		_exit(EXIT_FAILURE);
	__atomic_store_n(&board->done, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

static void be_parent(void)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	if (km_attach(NULL) != 0 || pkg_malloc(10) == NULL)
		_exit(EXIT_FAILURE);
	shm_free(shm_malloc(64));
	__atomic_add_fetch(&board->count, 1, __ATOMIC_SEQ_CST);
	while (read(go[0], &byte, 1) == 1) {
		if (fork() == 0)
			be_child();
		shm_free(shm_malloc(64));
		pkg_free(pkg_malloc(64));
		__atomic_add_fetch(&board->count, 1, __ATOMIC_SEQ_CST);
	}
	_exit(EXIT_SUCCESS);
}

/* The parent has forked: the child, stopped before it does anything. */
static pid_t next_child(pid_t parent)
{
	unsigned long child = 0;
	int status;

	if (write(go[1], "", 1) != 1)
		tracee_give_up("write");
	if (waitpid(parent, &status, 0) != parent ||
	    status >> 8 != (SIGTRAP | PTRACE_EVENT_FORK << 8) ||
	    ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child) != 0 ||
	    waitpid((pid_t)child, &status, __WALL) != (pid_t)child ||
	    ptrace(PTRACE_CONT, parent, NULL, NULL) != 0)
		tracee_give_up("the parent does not fork");
	return (pid_t)child;
}

/* Killed at this stop, from 0. False: it had all before. */
static bool kill_at(pid_t child, unsigned stop)
{
	bool done = false;
	int status;

	for (unsigned i = 0; i < stop && !done; i++) {
		if (!tracee_step(child, PTRACE_SYSCALL, &status))
			tracee_give_up("the child does not go on");
		done = __atomic_load_n(&board->done, __ATOMIC_SEQ_CST) != 0;
	}
	tracee_kill(child);
	return !done;
}

/* ---- what must be true then --------------------------------------------- */

static bool is_in_a_slot(pid_t pid)
{
	const struct km_pool *pool = pool_in_use(KM_SHM);
	const struct pool_slot *slot = pool_at(pool, pool->slots);

	for (uint32_t i = 0; i < pool->n_slots; i++) {
		uint32_t state =
		    __atomic_load_n(&slot[i].state, __ATOMIC_ACQUIRE);

		if (slot_is_claimed(state) ||
		    ((state == SLOT_LIVE || state == SLOT_RECOVERING) &&
			slot[i].pid == pid))
			return true;
	}
	return false;
}

static size_t used(void)
{
	struct km_mem_info info;

	shm_info(&info);
	return info.used;
}

static bool is_settled(pid_t child, unsigned count, size_t before)
{
	time_t end = time(NULL) + PATIENCE_S;

	while (is_in_a_slot(child) || used() != before ||
	       __atomic_load_n(&board->count, __ATOMIC_SEQ_CST) == count) {
		if (time(NULL) > end)
			return false;
		poll(NULL, 0, 1);
	}
	return true;
}

int main(void)
{
	unsigned n = 0, count;
	bool more = true;
	size_t before;
	pid_t parent, child;

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED || pipe(go) != 0)
		tracee_give_up("fork_points");
	parent = fork();
	if (parent == 0)
		be_parent();
	while (__atomic_load_n(&board->count, __ATOMIC_SEQ_CST) == 0)
		if (waitpid(parent, NULL, WNOHANG) != 0)
			return EXIT_FAILURE;
	if (km_attach(NULL) != 0 ||
	    ptrace(PTRACE_SEIZE, parent, NULL, PTRACE_O_TRACEFORK) != 0)
		tracee_give_up("PTRACE_SEIZE");
	before = used();
	for (; more; n++) {
		board->done = 0;
		count = __atomic_load_n(&board->count, __ATOMIC_SEQ_CST);
		child = next_child(parent);
		more = kill_at(child, n);
		if (!is_settled(child, count, before)) {
			printf("killed at stop %u, something of it is left: "
			       "%zu bytes used, %zu before\n",
			    n, used(), before);
			return EXIT_FAILURE;
		}
	}
	printf("%u kill points, nothing is left\n", n);
	return EXIT_SUCCESS;
}
