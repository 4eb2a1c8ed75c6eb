/* SPDX-License-Identifier: ISC */
/* pool.h - a self-describing region of memory under one manager. */
#ifndef KMEM_MEM_POOL_H
#define KMEM_MEM_POOL_H
/*
 * Everything about a pool is inside its own segment, so that a reader needs
 * nothing but the bytes:
 *
 *   | header | slots | site table | manager's metadata and data ... |
 *
 * struct km_pool is the header, at offset 0.  Other structs in the pool are
 * reached by the offsets it gives.
 *
 * Lifetime: as its segment.
 * Concurrency: the header is written by pool_create() and then only where its
 * fields say so.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem/account.h"
#include "mem/site.h"

#define POOL_MAGIC 0x4c4f4f504d454d4bULL /* "KMEMPOOL" in memory order */
#define POOL_ABI   1

/* Distance in bytes from the pool's header; 0 is never a block. */
typedef struct pool_off {
	uint64_t bytes;
} pool_off;

#define POOL_NAME_SIZE 64 /* bytes, the final NUL included */

/*
 * A participant's slot: who allocates from this pool, see slot.h.
 */
enum slot_state {
	SLOT_FREE,
	SLOT_LIVE,
	SLOT_DEAD, /* its live blocks are orphans */
	SLOT_LEFT, /* its thread has ended; live blocks are its process's */
	SLOT_RECOVERING, /* dead; what it left half done is being settled */
	SLOT_CLAIMED, /* of somebody who is not in it yet; by slot_claimer() */
	SLOT_STATE__COUNT
};

/* What is to become of a live block. */
enum block_state {
	BLOCK_NORMAL,  /* it stays until somebody frees it */
	BLOCK_OWNED,   /* it is freed when its owner dies */
	BLOCK_PENDING, /* its owner is about to publish it */
	BLOCK_FREEING, /* its owner is about to free it */
	BLOCK_FREE,    /* not live: never stored */
	BLOCK_STATE__COUNT
};

/* A lock that a participant has or waits for, see hold.h. */
struct pool_hold {
	uint64_t lock;	/* address, and enum hold_kind; 0: none */
	uint32_t site;	/* who asked for it */
	uint32_t since; /* seconds, of pool->clock */
};

/* Of each participant of a shm pool. */
#define POOL_N_HOLDS 7
struct pool_holds {
	struct pool_hold waits;
	struct pool_hold has[POOL_N_HOLDS];
};

struct pool_slot {
	uint32_t state; /* enum slot_state, stored last; with the claimer */
	int32_t pid;
	int32_t rank;
	uint32_t intent; /* enum intent_op, see intent.h */
	uint64_t
	    start_time; /* clock ticks since boot, /proc/PID/stat field 22 */
	/* The manager's, written by the participant itself. */
	uint64_t busy;	   /* slab: what nobody may take from it now */
	uint64_t claim;	   /* slab: the unit of tags that it goes for */
	uint64_t may_have; /* slab: 0: no span or run in work is its own */
	uint64_t where;	   /* of the intent: an address in the pool */
	uint64_t block;	   /* of the intent: the same; 0: none yet */
	char name[POOL_NAME_SIZE];
};
_Static_assert(sizeof(struct pool_slot) == 128, "two cache lines");

struct km_pool {
	uint64_t magic;
	uint32_t abi; /* POOL_ABI */
	uint32_t
	    layout_hash;   /* of the sizes and offsets of the pool's structs */
	uint64_t service;  /* of a shm pool: whose it is, by its attach socket;
			      up to here alike in every version */
	uint32_t kind;	   /* enum km_pool_kind */
	uint32_t manager;  /* enum manager_id */
	uint64_t base;	   /* address at which writers map it */
	uint64_t size;	   /* bytes in use as a pool; grows by CAS */
	uint64_t max_size; /* bytes mapped by all who use it */
	pool_off slots;
	pool_off sites;
	pool_off data; /* the manager's */
	uint32_t n_slots;
	uint32_t n_sites;    /* rows that the table can hold */
	int32_t owner_pid;   /* 0: shared by all participants */
	uint32_t generation; /* of this pool, never 0: tells it from others */
	/* Of a shm pool: see clock.h. */
	uint64_t clock;
	uint64_t start_time; /* of the owner, as in pool_slot */
	uint64_t created;    /* seconds since 1970 */
	uint64_t status_at;  /* last status on a failed allocation, see oom.c */
	uint64_t roots;	     /* address of a struct root_table; 0: none */
	uint32_t top_slot;   /* no slot above it has ever been taken */
	uint32_t reserved;
	pool_off holds; /* struct pool_holds, of each slot; 0: none */
	char name[POOL_NAME_SIZE];
	struct account account;
};

/* Where an offset is, in this process. */
static inline void *pool_at(const struct km_pool *pool, pool_off off)
{
	return (void *)((uintptr_t)pool + off.bytes);
}

struct pool_options {
	enum km_pool_kind kind;
	const char *manager; /* "qm" */
	const char *name;
	uint32_t n_slots; /* participants, at least 1 */
	size_t size;	  /* bytes */
	size_t max_size;  /* mapped at the address given; 0: as size */
	uint64_t service; /* shm: as in the header */
	bool guard; /* slab: a guard behind each block; qm always has it */
};

/*
 * Make a pool of the zero-filled memory at `base`.
 * Returns 0 and *pool; -KM_EINVAL: unknown manager, or one whose pools do
 * not grow up to max_size; -KM_ERANGE: too small.
 */
int pool_create(
    void *base, const struct pool_options *opt, struct km_pool **pool);

/* The smallest size, in bytes, of a pool of so many slots. */
size_t pool_min_size(uint32_t n_slots);

/* This process owns the pool now: pid, start time and name are set. */
void pool_set_owner(struct km_pool *pool, int32_t pid, const char *name);

/*
 * Which pool pkg_malloc() or shm_malloc() of this process use, and the slot
 * that its blocks name as their owner. NULL: none (then they return NULL).
 */
void pool_use(enum km_pool_kind kind, struct km_pool *pool, uint32_t slot);

/*
 * The same of a pool that is mapped read-only: its accounts and blocks can be
 * looked at.
 */
void pool_observe(enum km_pool_kind kind, struct km_pool *pool);

/*
 * What has to be done before this process writes to the pool the next time,
 * such as to join it in the child of a fork. It is called until it has called
 * pool_use(), by any thread. Returns 0, or < 0: then nothing can be written.
 */
typedef int (*pool_starter)(void);
void pool_set_starter(enum km_pool_kind kind, pool_starter start);

/* The pool in use, to look at, or NULL. */
struct km_pool *pool_in_use(enum km_pool_kind kind);

/*
 * The pool in use, to write to it. Returns 0 and *pool; -KM_EREADY: there is
 * none; -KM_EPERM: it is observed; or what the starter has returned.
 */
int pool_begin(enum km_pool_kind kind, struct km_pool **pool);

/* The slot given to pool_use(). */
uint32_t pool_slot_in_use(enum km_pool_kind kind);

/* That of the calling thread; POOL_NO_SLOT: it takes no part in the pool. */
#define POOL_NO_SLOT UINT32_MAX
uint32_t pool_slot_of_thread(enum km_pool_kind kind);

/* Whether a manager of this name exists. */
bool pool_has_manager(const char *name);

/* Of the layout of everything in a pool, as this program was built. */
uint32_t pool_layout_hash(void);

#endif
