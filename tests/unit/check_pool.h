/* SPDX-License-Identifier: ISC */
/* check_pool.h - pools for the unit tests of mem/. */
#ifndef TESTS_CHECK_POOL_H
#define TESTS_CHECK_POOL_H
/*
 * A pool of either kind, under any manager, in a segment mapped wherever the
 * kernel likes; and the invariants that must hold after each step.
 */
#include <stdbool.h>
#include <stddef.h>

#include "mem/pool.h"

struct test_pool {
	struct km_pool *pool;
	size_t size; /* bytes mapped */
};

/* Managers to loop over: each allocator test runs for each. */
extern const char *const test_managers[];
extern const int test_n_managers;

/* Participants that a pool opened from now on has room for. */
extern uint32_t test_n_slots;

/* Bytes that it may grow to; 0: it does not grow. */
extern size_t test_max_size;

/* Whether it has guards behind its blocks. */
extern bool test_guard;

/*
 * So many repetitions, or, where each takes KMEM_SLOW times as long (valgrind),
 * that many times fewer.
 */
int test_scaled(int n);

/* Fails the test when it cannot. The pool is in use, with slot 0. */
void test_pool_open(struct test_pool *t, enum km_pool_kind kind,
    const char *manager, size_t size);
/* A slot of a process that does not exist: of another pid for each. */
uint32_t test_new_slot(const struct test_pool *t);

void test_pool_close(struct test_pool *t);

/*
 * Fails the test unless the accounts are those of a walk over the blocks:
 * total = free + real_used, used <= real_used <= max_used, used and blocks
 * equal the sums over live blocks, free and fragments those over free ones.
 */
void test_pool_is_valid(const struct test_pool *t);

/* The log lines written since the last call of test_log_clear(). */
void test_log_catch(void);
void test_log_clear(void);
const char *test_log_text(void);

#endif
