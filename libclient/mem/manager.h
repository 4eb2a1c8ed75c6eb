/* SPDX-License-Identifier: ISC */
/* manager.h - what a manager of pools must do. */
#ifndef KMEM_MEM_MANAGER_H
#define KMEM_MEM_MANAGER_H
/*
 * A pool is bound to its manager by the number in its header.
 *
 * Concurrency: alloc, free and resize of a shm pool may be called by any
 * process at any time, those of a pkg pool by one thread.  walk and check read
 * through a view and take no lock.  None of them logs while it holds one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem/misuse.h"
#include "mem/pool.h"
#include "mem/view.h"

enum manager_id {
	MANAGER_NONE, /* zero memory is no pool */
	MANAGER_QM,
	MANAGER_SLAB,
	MANAGER__COUNT
};

/*
 * Whose a live block is, and in which state: the two change together, or not
 * at all.
 */
struct holding {
	uint32_t slot;
	enum block_state state;
};

/* Who allocates, and from where. */
struct request {
	size_t size;   /* bytes, any value */
	uint32_t site; /* row of the pool's site table */
	uint32_t slot; /* of the owner */
	/* Bytes: alloc gives a multiple of it, a power of two; 0: of 16. */
	size_t align;
	enum block_state state; /* of the block, from the first moment on */
	/*
	 * Where the block's address is stored before it is live; NULL: nowhere.
	 * A kill in between has it name a block that is not live as asked for.
	 */
	uint64_t *note;
};

static inline void request_note(const struct request *req, const void *p)
{
	if (req->note != NULL)
		__atomic_store_n(req->note, (uintptr_t)p, __ATOMIC_RELEASE);
}

struct manager {
	const char *name;

	/* Bytes of metadata, whatever the size of the pool. */
	size_t min_size;

	/* Set up at pool->data, in zero-filled memory. 0 or -KM_ERANGE. */
	int (*init)(struct km_pool *pool, const struct pool_options *opt);

	/* NULL: no room. */
	void *(*alloc)(struct km_pool *pool, const struct request *req);

	/*
	 * Free p. `req` names the freeing site. Returns 0, or -KM_EINVAL and
	 * what is wrong in *misuse (then the block is left alone).
	 */
	int (*free)(struct km_pool *pool, void *p, const struct request *req,
	    struct misuse *misuse);

	/*
	 * What p is: size and allocating site in *block. Returns 0, or
	 * -KM_EINVAL and what is wrong with it, as far as that can be told.
	 */
	int (*look)(struct km_pool *pool, const void *p, struct misuse *block);

	/*
	 * Give p the size req->size, in place if that can be done.
	 * Returns 0 and *out; -KM_ENOMEM: p is as it was; -KM_EINVAL.
	 */
	int (*resize)(struct km_pool *pool, void *p, const struct request *req,
	    void **out, struct misuse *misuse);

	/*
	 * If p is a live block that is held as *from at that moment, it is
	 * held as *to from now on, or free (BLOCK_FREE; `site` is who frees).
	 * NULL for from: however it is held. Returns whether it was. A dead
	 * holder's block is made live by nobody, so what was seen of it earlier
	 * cannot have come back.
	 */
	bool (*change)(struct km_pool *pool, void *p,
	    const struct holding *from, const struct holding *to,
	    uint32_t site);

	/* The caller's slot. Returns 0, or -KM_EFULL: it cannot have one. */
	int (*slot)(struct km_pool *pool, uint32_t *slot);
	bool is_slot_of_thread; /* else of a process, for all its threads */

	/* As view_info(). */
	int (*info)(struct view *view, struct km_mem_info *info);

	/* As view_next(). */
	int (*walk)(struct view *view, struct view_walk *walk,
	    struct view_block *block);

	/* As view_inspect() and view_resync(). */
	int (*inspect)(struct view *view, const struct view_block *block,
	    struct misuse *finding);
	int (*resync)(struct view *view, struct view_walk *walk);

	/*
	 * The participant of this slot is dead: finish or undo what it left
	 * half done. May be run again. NULL: the next one to call does it.
	 */
	void (*recover)(struct km_pool *pool, uint32_t slot);

	/*
	 * Give what is not in use back to the pool, whoever keeps it, and the
	 * memory of free pages to the system. Returns the bytes of these.
	 * NULL: this manager keeps nothing back.
	 */
	size_t (*trim)(struct km_pool *pool);

	/*
	 * The same, for one of so many parts of the pool at a call, in turn,
	 * and only with what was not in use at the last look at it either.  By
	 * one thread of one process. NULL: as trim.
	 */
	size_t (*trim_old)(struct km_pool *pool, unsigned parts);

	/*
	 * Make the pool larger by so many bytes, rounded up to a page. By any
	 * participant, at any time. Returns 0; -KM_EFULL: that is more than
	 * max_size; -KM_ENOMEM: it could not join the pool.
	 * NULL: the size of a pool is what it was made with.
	 */
	int (*grow)(struct km_pool *pool, size_t bytes);
};

/* By number from a pool's header, or by name; NULL: no such manager. */
const struct manager *manager_at(uint32_t id);
const struct manager *manager_find(const char *name, uint32_t *id);

extern const struct manager manager_qm;
extern const struct manager manager_slab;

#endif
