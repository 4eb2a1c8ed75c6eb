/* SPDX-License-Identifier: ISC */
/* super_member.c - programs that attach to a kmemd that is killed. */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "kmem.h"
#include "mem/shm_mem.h"
#include "tests/stress/points_kmemd.h"
#include "tests/stress/super_points.h"

#define STAMP 3000 /* bytes that nobody else may touch */

/* ---- the programs ------------------------------------------------------- */

static int attach(const char *desc)
{
	/* It may wait for one that goes a step at a time. */
	struct km_attach_options opt = { .size = sizeof(opt),
		.desc = desc,
		.timeout_ms = POINTS_PATIENCE_S * 1000 };

	return km_attach(&opt);
}

static void take(struct member_answer *answer)
{
	static const size_t plain[MEMBER_N] = { 100, 3000, 50000 };
	bool all =
	    shm_malloc_owned(100) != NULL && shm_malloc_owned(50000) != NULL;

	for (int i = 0; i < MEMBER_N; i++) {
		answer->block[i] = shm_malloc(plain[i]);
		all = all && answer->block[i] != NULL;
	}
	answer->rc = all ? 0 : -KM_ENOMEM;
}

/*
 * It is killed anywhere in here: all that it had is free then, and whoever gets
 * the lock is told that its holder has died in the middle of a change.
 */
static void work(int fd, const struct member_answer *answer)
{
	struct points *points = km_root_get(POINTS_ROOT);
	void *block[64] = { NULL };

	if (points != NULL && lock_get(&points->lock) >= 0)
		points->a++;
	send(fd, answer, sizeof(*answer), 0);
	for (uint32_t i = 0, r = (uint32_t)getpid();; i = (i + 1) % 64) {
		r = r * 1664525 + 1013904223;
		shm_free(block[i]);
		block[i] = shm_malloc_owned(16u << (r >> 28) % 12);
	}
}

static struct member_answer obey(enum member_order order)
{
	struct member_answer answer = { 0 };

	switch (order) {
	case MEMBER_ATTACH:
		answer.rc = attach("member");
		break;
	case MEMBER_TAKE:
		take(&answer);
		break;
	case MEMBER_LEAVE:
		answer.rc = km_detach();
		break;
	default:
		break;
	}
	return answer;
}

int member_main(int fd)
{
	struct member_answer answer;
	int order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (recv(fd, &order, sizeof(order), 0) == sizeof(order) &&
	       order != MEMBER_END) {
		answer = obey((enum member_order)order);
		if (order == MEMBER_WORK)
			work(fd, &answer);
		if (send(fd, &answer, sizeof(answer), 0) != sizeof(answer))
			break;
	}
	return EXIT_SUCCESS;
}

/* As a worker does (points_worker.c), with a block that stays as it is. */
static void take_turn(struct points *points, const char *stamp)
{
	void *small = shm_malloc_owned(100), *large = shm_malloc_owned(50000);

	if (small == NULL || large == NULL || !points_change(points))
		return;
	for (int i = 0; i < STAMP; i++)
		if (stamp[i] != (char)i)
			__atomic_add_fetch(
			    &points->broken, 1, __ATOMIC_SEQ_CST);
	shm_free(large);
	shm_free(small);
	__atomic_add_fetch(&points->turns[SUPER_WITNESS], 1, __ATOMIC_SEQ_CST);
}

int witness_main(void)
{
	struct points *points;
	char *stamp;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (attach("witness") != 0)
		return EXIT_FAILURE;
	points = km_root_get(POINTS_ROOT);
	stamp = shm_malloc(STAMP);
	if (points == NULL || stamp == NULL)
		return EXIT_FAILURE;
	for (int i = 0; i < STAMP; i++)
		stamp[i] = (char)i;
	for (;;) {
		if (__atomic_load_n(&points->is_calm, __ATOMIC_SEQ_CST) == 0)
			take_turn(points, stamp);
		__atomic_store_n(&points->served[SUPER_WITNESS],
		    (int32_t)getpid(), __ATOMIC_SEQ_CST);
		poll(NULL, 0, 1);
	}
}

/* ---- the conductor's side ----------------------------------------------- */

pid_t member_pid;
static int member_fd = -1;

static pid_t run_self(const char *what, int fd)
{
	char number[16];
	pid_t pid = fork();

	if (pid < 0)
		super_fail("fork: %m");
	if (pid > 0)
		return pid;
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", fd);
	execl("/proc/self/exe", "super_points", what, number, NULL);
	_exit(127);
}

void member_start(void)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0)
		super_fail("socketpair: %m");
	member_pid = run_self("--member", fd[1]);
	close(fd[1]);
	member_fd = fd[0];
}

void member_tell(enum member_order order)
{
	int number = (int)order;

	if (send(member_fd, &number, sizeof(number), MSG_NOSIGNAL) !=
	    sizeof(number))
		super_fail("the member does not listen");
}

bool member_hear(struct member_answer *answer)
{
	return recv(member_fd, answer, sizeof(*answer), MSG_DONTWAIT) ==
	       sizeof(*answer);
}

struct member_answer member_await(void)
{
	struct pollfd p = { .fd = member_fd, .events = POLLIN };
	struct member_answer answer;

	if (poll(&p, 1, POINTS_PATIENCE_S * 1000) != 1 || !member_hear(&answer))
		super_fail("the member does not answer");
	return answer;
}

void member_do(enum member_order order)
{
	struct member_answer answer;

	member_tell(order);
	answer = member_await();
	if (answer.rc != 0)
		super_fail("the member: %s", km_strerror(answer.rc));
}

void member_kill(void)
{
	if (member_pid == 0)
		return;
	kill(member_pid, SIGKILL);
	waitpid(member_pid, NULL, 0);
	close(member_fd);
	member_pid = 0;
	member_fd = -1;
}

void witness_start(void)
{
	super.witness = run_self("--witness", -1);
}
