/* SPDX-License-Identifier: ISC */
/* trace_sites.h - the distinct call sites of a trace. */
#ifndef KMEMD_REPLAY_TRACE_SITES_H
#define KMEMD_REPLAY_TRACE_SITES_H
/*
 * Texts of the form module:file:function:line become one struct km_site each,
 * so that the blocks of a replay name the lines of the program recorded.
 *
 * Lifetime: the table is needed while texts are added; trace_sites_take() gives
 * the array of sites to the caller, who frees it with trace_sites_drop().
 * Concurrency: one thread.
 */
#include <stdint.h>

#include "mem/site.h"

struct trace_sites;

/* NULL: no memory. */
struct trace_sites *trace_sites_new(void);

/*
 * Find or add. The text is copied. Returns 0 and its index in *index;
 * -KM_EINVAL: not of that form; -KM_ENOMEM.
 */
int trace_sites_add(
    struct trace_sites *table, const char *text, uint32_t *index);

/* Hand over all sites; the table is empty then. */
void trace_sites_take(
    struct trace_sites *table, struct km_site **sites, uint32_t *n_sites);

void trace_sites_free(struct trace_sites **table);

/* Free an array of sites with its strings. */
void trace_sites_drop(struct km_site **sites, uint32_t n_sites);

#endif
