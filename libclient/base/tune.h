/* SPDX-License-Identifier: ISC */
/* tune.h - the switches of libkmem that can change while it runs. */
#ifndef KMEM_BASE_TUNE_H
#define KMEM_BASE_TUNE_H
/*
 * Names and meanings are Kamailio's core parameters.  A process has one set;
 * kmemd keeps those of all its processes in memory that they share, so that a
 * store by the supervisor, for all or for one, is seen there at the next call.
 * Readers load a switch as a plain aligned int and act on what they saw.
 */
#include <stdbool.h>

#include "base/export.h"

struct km_tune {
	int debug;	 /* messages of level <= debug are written */
	int memlog;	 /* level at which status dumps are written */
	int memdbg;	 /* level at which each allocation call is written */
	int mem_summary; /* bits: what a status dump contains, see mem.h */
	int mem_safety;	 /* 1: report misuse and go on; 0: abort for a core */
	int mem_join;	 /* 1: free fragments are joined with neighbours */
	int mem_status_mode; /* 0: dumps show used blocks; 1: free ones too */
};

/* The set in force; never NULL. */
extern struct km_tune *km_tune KM_HIDDEN;

/* Whether each allocation call is written. */
static inline bool tune_is_traced(const struct km_tune *tune)
{
	return tune->memdbg <= tune->debug;
}

/* Use this set from now on; it must outlive every later call. */
void tune_use(struct km_tune *tune);

#endif
