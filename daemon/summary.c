/* SPDX-License-Identifier: ISC */
/* summary.c - the status of this process's pools, to the log. */
#include "config.h"

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "daemon/jobs.h"
#include "daemon/proc.h"
#include "daemon/report.h"
#include "daemon/scan.h"
#include "daemon/summary.h"
#include "mem/mem.h"
#include "mem/status.h"

void summary_log(void)
{
	summary_log_pkg();
	status_log_summary(KM_SHM, STATUS_ALL);
}

void summary_log_pkg(void)
{
	status_log_summary(KM_PKG, STATUS_ALL);
}

/* ---- in slices ---------------------------------------------------------- */

static struct {
	struct job job; /* while is_running */
	struct scan scan;
	struct report report;
	bool is_running;
	bool again; /* asked for meanwhile */
	int next;   /* enum km_pool_kind */
} summary;

static void step_next(struct job *job);

static void pool_done(void)
{
	report_end(&summary.report);
	scan_close(&summary.scan);
	summary.job.step = step_next;
}

static void step_report(struct job *job)
{
	if (report_slice(&summary.report))
		pool_done();
}

/* Begin with a pool; what takes no time is done at once. */
static void start_pool(enum km_pool_kind kind)
{
	int bits = km_tune->mem_summary, parts = 0, rc;

	if ((bits & summary_bits[kind].sums) != 0)
		parts |= REPORT_SUMS;
	if ((bits & summary_bits[kind].status) != 0) {
		if ((bits & KM_SUMMARY_SHORT) != 0)
			status_log_short(kind);
		else
			parts |= REPORT_BLOCKS;
	}
	if (parts == 0)
		return;
	rc = scan_open(&summary.scan, kind == KM_PKG ? proc_at(0) : NULL);
	if (rc == 0) {
		rc = report_start(&summary.report, &summary.scan, parts);
		summary.job.step = step_report;
	}
	if (rc == 0)
		return;
	pool_done();
	km_log(km_tune->memlog, "no status of a pool: %s", km_strerror(rc));
}

static void step_next(struct job *job)
{
	if (summary.next == KM_POOL_KIND__COUNT && summary.again) {
		summary.again = false;
		summary.next = 0;
	}
	if (summary.next < KM_POOL_KIND__COUNT) {
		start_pool((enum km_pool_kind)summary.next++);
		return;
	}
	summary.is_running = false;
	jobs_end(job);
}

void summary_start(void)
{
	if (!km_log_is_on(km_tune->memlog))
		return;
	if (summary.is_running) {
		summary.again = true;
		return;
	}
	summary.next = 0;
	summary.job = (struct job){
		.connection = &summary,
		.step = step_next,
	};
	summary.is_running = jobs_add(&summary.job) == 0;
	if (!summary.is_running)
		LM_ERR("status: out of memory");
}

void summary_drop(void)
{
	if (!summary.is_running)
		return;
	summary.is_running = summary.again = false;
	jobs_end(&summary.job);
	pool_done();
}
