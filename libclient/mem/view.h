/* SPDX-License-Identifier: ISC */
/* view.h - a read-only look at somebody's pool. */
#ifndef KMEM_MEM_VIEW_H
#define KMEM_MEM_VIEW_H
/*
 * A view needs nothing from the pool's owner, which may run, sleep, be stopped
 * or dead, and trusts nothing that it reads: each offset, index and size is
 * checked, and what makes no sense is a finding, never a crash or an endless
 * loop.  It takes no lock and makes no allocator wait.
 *
 * Lifetime: a view borrows its source, which must outlive it.
 * Concurrency: a view and its walks belong to one thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem/info.h"
#include "mem/misuse.h"
#include "mem/pool.h"

struct view;

/*
 * Where bytes come from. read() copies len bytes at `off` of the pool to `to`
 * and returns 0, or -KM_ERANGE when they are not all there.
 */
struct view_source {
	int (*read)(void *arg, uint64_t off, void *to, size_t len);
	void *arg;
	size_t size; /* bytes that can be read */
};

/* A live block, as a walk reports it. Strings are not part of it: view_site. */
struct view_block {
	uint64_t addr;	/* in the processes that map the pool writable */
	size_t size;	/* bytes requested */
	size_t room;	/* bytes usable */
	uint64_t seq;	/* order of allocation in this pool, from 1 */
	uint32_t age;	/* seconds since it was allocated */
	uint32_t site;	/* row for view_site() */
	uint32_t owner; /* slot for view_slot() */
	enum block_state state;
	bool is_free; /* a free fragment: size, seq, age, site, owner are 0 */
};

/* Texts of a site, copied out and always terminated. */
struct view_site {
	char file[256];
	char func[128];
	char mname[64];
	uint32_t line;
};

/*
 * A walk over all blocks in address order. Zero it to start; it is plain data,
 * copy it to come back later. A block that is neither allocated nor freed
 * while the walk goes on is reported exactly once.
 */
#define VIEW_N_GOOD 8
struct view_walk {
	uint64_t next;		    /* offset to read next; 0: at the start */
	uint64_t reported;	    /* what begins below has been reported */
	uint64_t good[VIEW_N_GOOD]; /* the last sound places, a ring */
	uint64_t n_good;	    /* places put there */
	uint32_t retries;	    /* since the last new place */
	uint32_t restarts;	    /* of these, from the start */
	uint64_t floor; /* behind the last damage: no way back; 0: none */
	bool with_free; /* report free fragments as well */
	/*
	 * Places looked at without a block to report, after which it is time
	 * to do something else; 0: it never is.
	 */
	uint32_t patience;
};

/*
 * Open a view of memory mapped at `map` (any address), or of any source.
 * Returns 0 and *view; -KM_EABI or -KM_ECORRUPT with a reason in the log.
 */
int view_open_map(const void *map, size_t size, struct view **view);
int view_open(const struct view_source *source, struct view **view);
void view_close(struct view **view);

/* len bytes at `off` of the pool. Returns 0 or -KM_ERANGE. */
int view_read(struct view *view, uint64_t off, void *to, size_t len);

/* Seconds of CLOCK_BOOTTIME when the view was opened. */
uint32_t view_now(const struct view *view);

/* The pool's header as it was when the view was opened. Borrowed. */
const struct km_pool *view_header(const struct view *view);

/* "qm", "slab"; never NULL. */
const char *view_manager(const struct view *view);

/* The accounts at this moment. Returns 0 or -KM_ECORRUPT. */
int view_info(struct view *view, struct km_mem_info *info);

/* The same of a pool of this process. */
int view_own_info(struct km_pool *pool, struct km_mem_info *info);

/*
 * The next block. Start with a zeroed walk.
 * Returns 1 and *block; 0 at the end; -KM_EBUSY when out of patience: call
 * again; -KM_ECORRUPT when the pool is damaged at walk->next (the walk cannot
 * go on).
 */
int view_next(
    struct view *view, struct view_walk *walk, struct view_block *block);

/*
 * Look at the guards of a block that view_next() has just reported.
 * Returns 0, or 1 and the evidence in *finding.
 */
int view_inspect(
    struct view *view, const struct view_block *block, struct misuse *finding);

/*
 * After -KM_ECORRUPT of view_next(): go on at the next block that can be made
 * out behind the damage. Returns 1; 0: there is none; -KM_EBUSY as view_next().
 * What is found in the middle of damage may have been a block long ago.
 */
int view_resync(struct view *view, struct view_walk *walk);

/* A row of the site table; an unknown id gives "?" texts. */
void view_site(struct view *view, uint32_t id, struct view_site *site);

/* "module: file: function(line)" of a row. Into buf, cut if need be; buf. */
#define VIEW_SITE_SIZE 512 /* bytes that are always enough */
const char *view_site_text(
    struct view *view, uint32_t id, char *buf, size_t size);

/* A participant's slot. Returns 0, or -KM_ENOENT. */
int view_slot(struct view *view, uint32_t id, struct pool_slot *slot);

#endif
