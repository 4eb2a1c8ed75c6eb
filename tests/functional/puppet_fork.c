/* SPDX-License-Identifier: ISC */
/* puppet_fork.c - what the module puppet is told about processes of its own. */
#include "config.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem/shm_mem.h"
#include "tests/functional/puppet.h"

#define ALONE_S 600 /* one that stays, when nobody kills it */

/* A process of our own: it has so much of shm, and stays, or ends at once. */
static void fork_one(
    const char *verb, const char *size, void *(*get)(size_t), bool stays)
{
	char line[32];
	pid_t pid = fork();

	if (pid == 0) {
		void *p;

		alarm(ALONE_S);
		p = get(strtoul(size, NULL, 10));
		while (p != NULL && stays)
			pause();
		_exit(p != NULL ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	snprintf(line, sizeof(line), "%d", (int)pid);
	puppet_say(verb, line);
}

static void *get_shm(size_t size)
{
	return shm_malloc(size);
}

void puppet_fork(const char *size)
{
	fork_one("fork", size, get_shm, true);
}

void puppet_fork_die(const char *size)
{
	fork_one("fork_die", size, get_shm, false);
}

static void *run_get(void *size)
{
	return get_shm((size_t)(uintptr_t)size);
}

static void *get_by_thread(size_t size)
{
	pthread_t thread;
	void *p = NULL;

	if (pthread_create(&thread, NULL, run_get, (void *)(uintptr_t)size) ==
	    0)
		pthread_join(thread, &p);
	return p;
}

/* By a thread that has ended when anybody looks. */
void puppet_fork_thread(const char *size)
{
	fork_one("fork_thread", size, get_by_thread, true);
}

static void *get_blind(size_t size)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_NOFILE, &none);
	return get_shm(size);
}

/* It cannot open a file, its /proc/self/stat for one. */
void puppet_fork_blind(const char *size)
{
	fork_one("fork_blind", size, get_blind, true);
}

/* The only process of a pid namespace; its exit status tells. */
static void be_apart(size_t size)
{
	int status = 0;

	if (unshare(CLONE_NEWPID) != 0 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0)
		_exit(2);
	if (fork() == 0)
		_exit(get_shm(size) != NULL ? 0 : 1);
	wait(&status);
	_exit(WEXITSTATUS(status));
}

void puppet_fork_apart(const char *size)
{
	static const char *const texts[] = { "joined", "refused", "cannot" };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		be_apart(strtoul(size, NULL, 10));
	waitpid(pid, &status, 0);
	puppet_say("fork_apart", texts[WEXITSTATUS(status) % 3]);
}

void puppet_wait(const char *pid)
{
	waitpid((pid_t)atoi(pid), NULL, 0);
	puppet_say("wait", pid);
}
