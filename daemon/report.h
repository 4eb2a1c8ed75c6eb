/* SPDX-License-Identifier: ISC */
/* report.h - the status of a pool, to the log, a slice at a time. */
#ifndef KMEMD_REPORT_H
#define KMEMD_REPORT_H
/*
 * The lines are those of mem/status.h, at level memlog.
 *
 * Lifetime: report_start() to report_end(); the scan is borrowed so long.
 * Concurrency: one thread.
 */
#include <stdbool.h>
#include <stdint.h>

#include "mem/status.h"

struct scan;

enum report_part {
	REPORT_BLOCKS = 1,
	REPORT_SUMS = 2, /* per site */
};

struct report {
	struct scan *scan;
	int parts;	       /* of enum report_part */
	uint64_t n;	       /* blocks written */
	uint32_t n_sums;       /* sums written */
	bool is_scanned;       /* what is left are sums */
	struct site_sums sums; /* when these are asked for */
};

/* Begin with the pool's accounts. Returns 0, or -KM_ENOMEM. */
int report_start(struct report *report, struct scan *scan, int parts);

/* For half a millisecond. Returns true when all is written. */
bool report_slice(struct report *report);

void report_end(struct report *report);

#endif
