/* SPDX-License-Identifier: ISC */
/* site_table.h - the distinct call sites of a trace. */
#ifndef KMEMD_REPLAY_SITE_TABLE_H
#define KMEMD_REPLAY_SITE_TABLE_H
/*
 * Texts of the form module:file:function:line become one struct km_site each,
 * so that the blocks of a replay name the lines of the program recorded.
 *
 * Lifetime: the table is needed while texts are added; site_table_take() gives
 * the array of sites to the caller, who frees it with sites_free().
 * Concurrency: one thread.
 */
#include <stdint.h>

#include "mem/site.h"

struct site_table;

/* NULL: no memory. */
struct site_table *site_table_new(void);

/*
 * Find or add. The text is copied. Returns 0 and its index in *index;
 * -KM_EINVAL: not of that form; -KM_ENOMEM.
 */
int site_table_add(struct site_table *table, const char *text, uint32_t *index);

/* Hand over all sites; the table is empty then. */
void site_table_take(
    struct site_table *table, struct km_site **sites, uint32_t *n_sites);

void site_table_free(struct site_table **table);

/* Free an array of sites with its strings. */
void sites_free(struct km_site **sites, uint32_t n_sites);

#endif
