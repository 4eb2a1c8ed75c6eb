/* SPDX-License-Identifier: ISC */
/* alone.c - threads pass blocks of a pkg pool; needs nothing but libc. */
/*
 * For architectures that have no more than a compiler here: ./dev cross.
 */
#include "config.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmem.h"

#define N_THREADS 3
#define N_ROUNDS  20000
#define N_SHARED  64

struct block {
	size_t size;
	unsigned char fill[];
};

static struct block *shared[N_SHARED];
static unsigned n_broken;

static void check(const struct block *b)
{
	for (size_t i = 0; i < b->size; i++)
		if (b->fill[i] != (unsigned char)b->size)
			__atomic_add_fetch(&n_broken, 1, __ATOMIC_RELAXED);
}

static struct block *make(size_t size)
{
	struct block *b = pkg_malloc(sizeof(*b) + size);

	if (b == NULL)
		abort();
	b->size = size;
	memset(b->fill, (int)size, size);
	return b;
}

/* Each frees what another has made. */
static void *pass(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;

	for (int i = 0; i < N_ROUNDS; i++) {
		struct block *b = make((size_t)rand_r(&seed) % 3000), *old;

		old = __atomic_exchange_n(
		    &shared[rand_r(&seed) % N_SHARED], b, __ATOMIC_ACQ_REL);
		if (old != NULL)
			check(old);
		pkg_free(old);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread[N_THREADS];
	struct km_mem_info info;

	for (uintptr_t i = 0; i < N_THREADS; i++)
		if (pthread_create(&thread[i], NULL, pass, (void *)i) != 0)
			abort();
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < N_SHARED; i++)
		pkg_free(shared[i]);
	pkg_info(&info);
	printf("%u blocks broken, %zu bytes and %zu blocks left\n", n_broken,
	    info.used, info.blocks);
	return n_broken == 0 && info.used == 0 && info.blocks == 0
		   ? EXIT_SUCCESS
		   : EXIT_FAILURE;
}
