/* SPDX-License-Identifier: ISC */
/* crowd.c - many programs that attach, allocate, and end in all ways. */
#include "config.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmem.h"

/*
 * usage: crowd PROGRAMS LIVES [SEED]
 * So many programs at a time, until so many have lived. Each has blocks of shm,
 * hands some of them to others, which free them, and detaches, exits, calls
 * exec, forks or is killed. Prints
 *
 *   crowd: 400 lives, 0 refused, 0 damaged
 */
#define KEPT	   64	/* blocks of one program */
#define OPS_MAX	   4000 /* of one life */
#define MAILBOXES  256
#define LARGE	   100000 /* bytes; one of a hundred blocks */
#define EXIT_DIRTY 3	  /* a block was not what its owner left */
#define EXIT_OUT   4	  /* could not attach */

/* Begin and end of each block. */
struct mark {
	uint64_t size;
	uint64_t check;
};

static void **mailbox; /* shared by all: a block on its way, or NULL */
static uint64_t seed;

/* xorshift64* */
static uint32_t random_number(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * 2685821657736338717ULL) >> 32);
}

static struct mark *end_of(struct mark *block)
{
	return (struct mark *)((char *)block + block->size) - 1;
}

static void put_mark(struct mark *mark, uint64_t size, const void *block)
{
	mark->size = size;
	mark->check = (uintptr_t)block ^ size ^ 0x5bd1e995u;
}

static void *make(void)
{
	size_t size = (size_t)48 << (random_number() % 7);
	struct mark *block;

	size += random_number() % 100 == 0 ? LARGE : random_number() % size;
	size &= ~(size_t)15;
	block = shm_malloc(size);
	if (block == NULL)
		return NULL;
	put_mark(block, size, block);
	put_mark(end_of(block), size, block);
	return block;
}

static void unmake(struct mark *block)
{
	uint64_t check;

	if (block == NULL)
		return;
	check = (uintptr_t)block ^ block->size ^ 0x5bd1e995u;
	if (block->check != check || end_of(block)->check != check)
		_exit(EXIT_DIRTY);
	memset(block, 0, sizeof(*block));
	shm_free(block);
}

/* Give one away, and free what somebody else has given. */
static void exchange(void **block)
{
	void **box = &mailbox[random_number() % MAILBOXES];

	unmake(__atomic_exchange_n(box, *block, __ATOMIC_ACQ_REL));
	*block = NULL;
}

static void work(void **kept, unsigned ops)
{
	while (ops-- > 0) {
		void **block = &kept[random_number() % KEPT];

		if (*block == NULL)
			*block = make();
		else if (random_number() % 4 == 0)
			exchange(block);
		else {
			unmake(*block);
			*block = NULL;
		}
	}
}

static void die(void)
{
	raise(SIGKILL);
}

static void end_by_exec(void)
{
	execlp("true", "true", (char *)NULL);
}

static void end_by_leaving(void)
{
	km_detach();
}

/* The child ends as its parent does, but later or earlier. */
static void end_with_child(void)
{
	void *kept[KEPT] = { NULL };

	if (fork() == 0) {
		work(kept, random_number() % 100);
		if (random_number() % 2 == 0)
			die();
		_exit(0);
	}
}

static void end_at_once(void)
{
}

static void (*const ends[])(void) = {
	die,
	end_by_exec,
	end_by_leaving,
	end_with_child,
	end_at_once,
};
#define N_ENDS (sizeof(ends) / sizeof(ends[0]))

static void live(void)
{
	void *kept[KEPT] = { NULL };
	struct km_attach_options opt = { .size = sizeof(opt),
		.desc = "crowd",
		.pkg_size = (size_t)1 << 20,
		.timeout_ms = 100000 };

	if (km_attach(&opt) != 0) {
		fprintf(stderr, "crowd: %s\n", km_attach_why());
		_exit(EXIT_OUT);
	}
	work(kept, random_number() % OPS_MAX);
	for (int i = 0; i < KEPT && random_number() % 2 == 0; i++)
		unmake(kept[i]);
	ends[random_number() % N_ENDS]();
	_exit(0);
}

static void start(long life)
{
	if (fork() > 0)
		return;
	seed = (seed + (uint64_t)life) * 0x9e3779b97f4a7c15ULL | 1;
	live();
}

int main(int argc, char **argv)
{
	long programs, lives, n = 0, refused = 0, dirty = 0;
	int status;

	if (argc < 3)
		return 2;
	programs = strtol(argv[1], NULL, 10);
	lives = strtol(argv[2], NULL, 10);
	seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	mailbox = mmap(NULL, MAILBOXES * sizeof(*mailbox),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mailbox == MAP_FAILED)
		return 1;
	while (n < programs && n < lives)
		start(n++);
	while (wait(&status) > 0) {
		refused += WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OUT;
		dirty += WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DIRTY;
		dirty += WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL;
		if (n < lives)
			start(n++);
	}
	printf(
	    "crowd: %ld lives, %ld refused, %ld damaged\n", n, refused, dirty);
	return refused + dirty == 0 ? 0 : 1;
}
