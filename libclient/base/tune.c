/* SPDX-License-Identifier: ISC */
/* tune.c - the set of switches in force. */
#include "config.h"

#include "base/log.h"
#include "base/tune.h"

/* Of a program that never calls tune_use(): kmemd's own defaults. */
static struct km_tune own = {
	.debug = L_INFO,
	.memlog = L_DBG + 1,
	.memdbg = L_DBG + 1,
	.mem_summary = 12,
	.mem_safety = 1,
	.mem_join = 1,
};

struct km_tune *km_tune = &own;

void tune_use(struct km_tune *tune)
{
	km_tune = tune;
}
