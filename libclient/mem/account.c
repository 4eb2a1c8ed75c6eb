/* SPDX-License-Identifier: ISC */
/* account.c - the latch around a pool's sums. */
#include "config.h"

#include <stdatomic.h>

#include "base/err.h"
#include "mem/account.h"

/* A copy is read in some 10 ns; so many misses in a row do not happen. */
#define LOAD_TRIES 100000

/*
 * Odd seq: readers use copy 1 while copy 0 is written; even: the reverse.
 * A kill between the stores leaves one copy whole, and seq names it.
 */
void account_store(
    struct account *account, uint64_t total, struct account_sums *sums)
{
	uint64_t seq = account->seq;

	if (total - sums->free > sums->max_used)
		sums->max_used = total - sums->free;

	__atomic_store_n(&account->seq, seq | 1, __ATOMIC_RELAXED);
	atomic_thread_fence(memory_order_release);
	account->copy[0] = *sums;
	__atomic_store_n(&account->seq, (seq | 1) + 1, __ATOMIC_RELEASE);
	atomic_thread_fence(memory_order_release);
	account->copy[1] = *sums;
}

void account_repair(struct account *account)
{
	uint64_t whole = account->seq & 1;

	account->copy[!whole] = account->copy[whole];
}

void account_info(
    const struct account_sums *sums, uint64_t total, struct km_mem_info *info)
{
	*info = (struct km_mem_info){
		.total = total,
		.free = sums->free,
		.used = sums->used,
		.real_used = total - sums->free,
		.max_used = sums->max_used,
		.fragments = sums->fragments,
		.blocks = sums->blocks,
		.counted = total - sums->free,
	};
}

int account_load(
    const struct account *account, uint64_t total, struct km_mem_info *info)
{
	for (int i = 0; i < LOAD_TRIES; i++) {
		uint64_t seq = __atomic_load_n(&account->seq, __ATOMIC_ACQUIRE);
		struct account_sums sums = account->copy[seq & 1];

		atomic_thread_fence(memory_order_acquire);
		if (__atomic_load_n(&account->seq, __ATOMIC_RELAXED) != seq)
			continue;
		account_info(&sums, total, info);
		return 0;
	}
	return -KM_EBUSY;
}
