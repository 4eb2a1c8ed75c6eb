/* SPDX-License-Identifier: ISC */
/* preload_threads.c - a program that knows nothing of libkmem: C and threads.
 */
#include "config.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * usage: preload_threads           all of it, then a line for each part
 *        preload_threads twice     frees a block twice
 *        preload_threads wait      allocates, says so, and reads to the end
 */
#define N_THREADS 6
#define N_ROUNDS  20000
#define N_SHARED  64
#define N_WAVES	  4
#define WAITING	  1234567 /* bytes of a block to be recognized by */

static unsigned char *shared[N_SHARED];

/* A block knows its size and what was written to all of it. */
static unsigned char *block_new(size_t size)
{
	unsigned char *p = malloc(size + sizeof(size));

	if (p == NULL)
		abort();
	memcpy(p, &size, sizeof(size));
	memset(p + sizeof(size), (int)(size & 0xff), size);
	return p;
}

static void block_check(const unsigned char *p)
{
	size_t size;

	memcpy(&size, p, sizeof(size));
	for (size_t i = 0; i < size; i++)
		if (p[sizeof(size) + i] != (size & 0xff))
			abort();
}

static unsigned char *block_resize(unsigned char *p, size_t size)
{
	size_t old;

	memcpy(&old, p, sizeof(old));
	p = realloc(p, size + sizeof(size));
	if (p == NULL || malloc_usable_size(p) < size + sizeof(size))
		abort();
	for (size_t i = 0; i < old && i < size; i++)
		if (p[sizeof(size) + i] != (old & 0xff))
			abort();
	memcpy(p, &size, sizeof(size));
	memset(p + sizeof(size), (int)(size & 0xff), size);
	return p;
}

static void *pass_blocks(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;

	for (int i = 0; i < N_ROUNDS; i++) {
		size_t size = (size_t)rand_r(&seed) % 4000;
		unsigned char *p = block_new(i % 100 == 0 ? size * 100 : size);

		if (i % 7 == 0)
			p = block_resize(p, (size_t)rand_r(&seed) % 20000);
		p = __atomic_exchange_n(
		    &shared[rand_r(&seed) % N_SHARED], p, __ATOMIC_ACQ_REL);
		if (p == NULL)
			continue;
		block_check(p);
		free(p);
	}
	return NULL;
}

static void run_wave(int wave)
{
	pthread_t thread[N_THREADS];

	for (int i = 0; i < N_THREADS; i++)
		if (pthread_create(&thread[i], NULL, pass_blocks,
			(void *)(uintptr_t)(wave * N_THREADS + i + 1)) != 0)
			abort();
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(thread[i], NULL);
}

static void is_aligned(void *p, size_t align)
{
	if (p == NULL || (uintptr_t)p % align != 0)
		abort();
	memset(p, 1, 100);
	free(p);
}

static void align_blocks(void)
{
	void *p = NULL;

	for (size_t align = 16; align <= 65536; align *= 2) {
		is_aligned(aligned_alloc(align, 100), align);
		is_aligned(memalign(align, 100), align);
		if (posix_memalign(&p, align, 100) != 0)
			abort();
		is_aligned(p, align);
	}
	if (posix_memalign(&p, 3, 100) != EINVAL)
		abort();
}

static void clear_blocks(void)
{
	volatile size_t too_many = SIZE_MAX / 2;

	for (size_t size = 1; size < 8 << 20; size = size * 3 + 1)
		for (int i = 0; i < 3; i++) {
			unsigned char *p = calloc(1, size);

			for (size_t k = 0; k < size; k++)
				if (p[k] != 0)
					abort();
			memset(p, 0xff, size);
			free(p);
		}
	errno = 0;
	if (calloc(too_many, 3) != NULL || errno != ENOMEM)
		abort();
}

/* While others allocate. */
static void fork_some(void)
{
	pthread_t thread;
	int status;

	if (pthread_create(&thread, NULL, pass_blocks, (void *)99) != 0)
		abort();
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			for (size_t k = 0; k < 2000; k++)
				free(block_new(k));
			_exit(5);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid ||
		    !WIFEXITED(status) || WEXITSTATUS(status) != 5)
			abort();
	}
	pthread_join(thread, NULL);
}

static int run_all(void)
{
	for (int wave = 0; wave < N_WAVES; wave++)
		run_wave(wave);
	puts("threads pass blocks");
	align_blocks();
	puts("blocks are aligned");
	clear_blocks();
	puts("blocks are cleared");
	fork_some();
	puts("children allocate");
	return 0;
}

static int free_twice(void)
{
	char *volatile p = malloc(40);

	free(p);
	free(p);
	puts("still here");
	return 0;
}

static int wait_for_input(void)
{
	char *volatile p = malloc(WAITING);

	puts("waiting");
	fflush(stdout);
	while (getchar() != EOF)
		;
	free(p);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return run_all();
	return strcmp(argv[1], "twice") == 0 ? free_twice() : wait_for_input();
}
