/* SPDX-License-Identifier: ISC */
/* misuse.h - what a caller did wrong with a block, as evidence. */
#ifndef KMEM_MEM_MISUSE_H
#define KMEM_MEM_MISUSE_H
/*
 * A manager fills it in while it holds its lock; it is logged afterwards.
 */
#include <stddef.h>
#include <stdint.h>

struct km_pool;

enum misuse_kind {
	MISUSE_NONE,
	MISUSE_OUTSIDE,	 /* the pointer is outside the pool's blocks */
	MISUSE_NO_BLOCK, /* inside, but no block starts there */
	MISUSE_HEAD,	 /* the head before the block was overwritten */
	MISUSE_TAIL,	 /* the tail behind the block was overwritten */
	MISUSE_FREED,	 /* the block is free already */
	MISUSE__COUNT
};

struct misuse {
	enum misuse_kind kind;
	const void *block;
	uint64_t size;	     /* bytes requested, where known */
	uint32_t site;	     /* allocated here, SITE_UNKNOWN: not known */
	uint32_t freed_site; /* freed here, the same */
	uint64_t found[2];   /* what is in the guard, in memory order */
	int64_t found_at;    /* its place, in bytes from the block */
	uint32_t n_found;    /* bytes of it, 0: there is no guard to show */
	/* Of MISUSE_HEAD: the live block before, if its tail is damaged too. */
	const void *before;
	uint64_t before_size;
	uint32_t before_site;
};

/* What is in the guard: n bytes, cut to fit, that are `at` from the block. */
void misuse_show_found(
    struct misuse *misuse, const void *bytes, size_t n, int64_t at);

/* "tail of block was overwritten" ... */
const char *misuse_text(enum misuse_kind kind);

/*
 * "at byte 32: 78 79 ... "xy......"" into buf; "" when there is no guard to
 * show. Returns buf.
 */
#define MISUSE_FOUND_SIZE 128 /* bytes for it */
const char *misuse_found(const struct misuse *misuse, char *buf, size_t size);

/*
 * Write the line, then abort for a core when mem_safety is 0. `call` is the
 * function called, without its prefix ("free"), `site` its caller's row.
 */
void misuse_report(const struct km_pool *pool, const struct misuse *misuse,
    const char *call, uint32_t site);

#endif
