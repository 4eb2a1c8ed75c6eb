/* SPDX-License-Identifier: ISC */
/* status.h - the status of a pool as lines of text, and sums per site. */
#ifndef KMEM_MEM_STATUS_H
#define KMEM_MEM_STATUS_H
/*
 * One form for the log of a process, and for the supervisor that writes the
 * status of somebody else's pool.  Lines go to `size` bytes at `buf`, always
 * terminated, and are returned.
 *
 * Concurrency: as the view's.
 */
#include <stddef.h>
#include <stdint.h>

#include "mem/view.h"

#define STATUS_LINE_SIZE 1024

/* "heap size= ..., used= ...": the accounts. */
const char *status_head(
    struct view *view, const struct km_mem_info *info, char *buf, size_t size);

/* " 12. N address=... size=... from core: a.c: f(1)". n counts from 0. */
const char *status_block(struct view *view, uint64_t n,
    const struct view_block *block, char *buf, size_t size);

/*
 * Live blocks of a site by their age: of a leak each class has its share, of
 * what was set up at the start only the last has any, of work that is under
 * way the first.
 */
enum age_class {
	AGE_1M, /* younger than a minute */
	AGE_10M,
	AGE_1H,
	AGE_1D,
	AGE_OLDER,
	AGE_CLASS__COUNT
};
extern const char *const age_class_names[AGE_CLASS__COUNT]; /* "1m" ... */

/* Live blocks and their bytes, per site. */
struct site_sum {
	uint32_t site;
	uint32_t oldest, newest; /* age in seconds */
	uint64_t count;
	uint64_t size; /* bytes requested */
	uint64_t of_age[AGE_CLASS__COUNT];
};

struct site_sums {
	struct site_sum *sum; /* by row of the site table, until sorted */
	uint32_t n;
};

/* By what they are sorted: the one with most of it comes first. */
enum site_order {
	SITES_BY_SIZE,
	SITES_BY_COUNT,
	SITE_ORDER__COUNT
};

/* 0 or -KM_ENOMEM. */
int site_sums_init(struct site_sums *sums, struct view *view);
void site_sums_add(struct site_sums *sums, const struct view_block *block);
/* Those with blocks only; n is their number then. Nothing can be added. */
void site_sums_sort(struct site_sums *sums, enum site_order order);
void site_sums_fini(struct site_sums *sums);

/* " count=  4 size=  224 bytes from core: a.c: f(1)". */
const char *status_sum(
    struct view *view, const struct site_sum *sum, char *buf, size_t size);

/*
 * " damaged: from 0x... to 0x..., 96 bytes": where blocks cannot be made out,
 * from `off` of the pool on.
 */
const char *status_damage(
    struct view *view, uint64_t off, uint64_t bytes, char *buf, size_t size);

/*
 * Of a pool of this process: the site that holds most, and the bytes in all
 * live blocks. Returns 0; -KM_ENOENT: there is none; -KM_ENOMEM or of view_*.
 */
int status_most(
    const struct km_pool *pool, struct site_sum *most, uint64_t *used);

/*
 * Write blocks, or sums, of this process's own pool to the log. Of blocks at
 * most `max` lines; then one more says how many are not there.
 */
void status_log(enum km_pool_kind kind, uint64_t max);
void status_log_sums(enum km_pool_kind kind);

/* The accounts of this process's own pool, in one line. */
void status_log_short(enum km_pool_kind kind);

/* What mem_summary asks for about a kind of pool: the bits for it. */
struct summary_bits {
	int status, sums;
};
extern const struct summary_bits summary_bits[KM_POOL_KIND__COUNT];

/* What mem_summary asks for about this kind of pool. */
void status_log_summary(enum km_pool_kind kind, uint64_t max);
#define STATUS_ALL UINT64_MAX

#endif
