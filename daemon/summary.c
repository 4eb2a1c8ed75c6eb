/* SPDX-License-Identifier: ISC */
/* summary.c - the status of this process's pools, to the log. */
#include "config.h"

#include "base/log.h"
#include "base/tune.h"
#include "daemon/summary.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"

static void log_info(const char *heap, void (*get)(struct km_mem_info *))
{
	struct km_mem_info info;

	get(&info);
	km_log(km_tune->memlog,
	    "%s: total %zu free %zu used %zu real_used %zu max_used %zu "
	    "fragments %zu blocks %zu",
	    heap, info.total, info.free, info.used, info.real_used,
	    info.max_used, info.fragments, info.blocks);
}

static void pkg_short(void)
{
	log_info("pkg", km_pkg_info);
}

static void shm_short(void)
{
	log_info("shm", km_shm_info);
}

/* With the bit SHORT, a status is one line; the sums are as they are. */
static const struct {
	int bit;
	void (*write)(void);
	void (*write_short)(void);
} parts[] = {
	{ KM_SUMMARY_PKG_STATUS, km_pkg_status, pkg_short },
	{ KM_SUMMARY_SHM_STATUS, km_shm_status, shm_short },
	{ KM_SUMMARY_PKG_SUMS, km_pkg_sums, km_pkg_sums },
	{ KM_SUMMARY_SHM_SUMS, km_shm_sums, km_shm_sums },
};

void summary_log(void)
{
	int bits = km_tune->mem_summary;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if ((bits & parts[i].bit) == 0)
			continue;
		if ((bits & KM_SUMMARY_SHORT) != 0)
			parts[i].write_short();
		else
			parts[i].write();
	}
}
