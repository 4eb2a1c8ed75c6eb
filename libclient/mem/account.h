/* SPDX-License-Identifier: ISC */
/* account.h - the sums of a pool, readable at any moment from outside. */
#ifndef KMEM_MEM_ACCOUNT_H
#define KMEM_MEM_ACCOUNT_H
/*
 * Two copies and a sequence number (a latch).  The writer changes one copy
 * while the number sends readers to the other, so a reader always finds a
 * copy that belongs together, even when the writer is stopped or has been
 * killed in the middle of a store: it takes what was true one call earlier.
 *
 * Lifetime: inside the pool's header.
 * Concurrency: one writer at a time (the pool's owner, or the holder of the
 * manager's lock); any number of readers, which wait for nobody.
 * Source of the technique: Linux, include/linux/seqlock.h, seqcount_latch.
 */
#include <stdint.h>

#include "mem/info.h"

/* The basis of struct km_mem_info: what cannot be derived from the rest. */
struct account_sums {
	uint64_t free; /* bytes in free fragments */
	uint64_t used; /* bytes requested in live blocks */
	uint64_t max_used;
	uint64_t fragments; /* free ones */
	uint64_t blocks;    /* live ones */
};

struct account {
	uint64_t seq;
	struct account_sums copy[2];
};

/* Publish sums; max_used is raised to total - free where that is higher. */
void account_store(
    struct account *account, uint64_t total, struct account_sums *sums);

/*
 * Make both copies whole again, before the first account_store() after a
 * writer's death.
 */
void account_repair(struct account *account);

/* Read them. Returns 0, or -KM_EBUSY when writers were faster all the time. */
int account_load(
    const struct account *account, uint64_t total, struct km_mem_info *info);

/* The accounts that follow from sums and the size of the pool. */
void account_info(
    const struct account_sums *sums, uint64_t total, struct km_mem_info *info);

#endif
