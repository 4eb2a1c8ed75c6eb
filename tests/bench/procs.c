/* SPDX-License-Identifier: ISC */
/* procs.c - the processes that play at the same time. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/procs.h"

struct procs *procs_new(int n)
{
	struct procs *procs = mmap(NULL, sizeof(*procs), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (procs == MAP_FAILED)
		return NULL;
	procs->n = n;
	return procs;
}

void procs_barrier(struct procs *procs, int *passed)
{
	unsigned looks = 0;

	++*passed;
	__atomic_add_fetch(&procs->arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&procs->arrived, __ATOMIC_ACQUIRE) <
	       procs->n * *passed)
		ring_pause(&looks);
}

static void die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

static int status_of(int rank, int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	fprintf(stderr, "process %d: killed by signal %d (%s)\n", rank,
	    WTERMSIG(status), strsignal(WTERMSIG(status)));
	return 1;
}

/* A process that fails leaves the others at a barrier, or at a ring. */
static int wait_for_all(int n, const pid_t *pids)
{
	int worst = 0, left = n;

	while (left-- > 0) {
		int status, rank = 0;
		pid_t pid = wait(&status);

		while (rank < n && pids[rank] != pid)
			rank++;
		if (worst != 0 && WIFSIGNALED(status))
			continue; /* by us */
		status = status_of(rank, status);
		if (status != 0 && worst == 0)
			for (int i = 0; i < n; i++)
				if (pids[i] != pid)
					kill(pids[i], SIGKILL);
		worst = status > worst ? status : worst;
	}
	return worst;
}

int procs_run(
    struct procs *procs, int (*body)(int rank, void *data), void *data)
{
	pid_t pids[PROCESSES_MAX], parent = getpid();

	if (procs->n == 1)
		return body(0, data);
	for (int rank = 0; rank < procs->n; rank++) {
		pids[rank] = fork();
		if (pids[rank] < 0) {
			perror("fork");
			return 1; /* the others die with us */
		}
		if (pids[rank] == 0) {
			die_with_parent(parent);
			exit(body(rank, data));
		}
	}
	return wait_for_all(procs->n, pids);
}
