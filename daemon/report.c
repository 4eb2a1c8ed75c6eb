/* SPDX-License-Identifier: ISC */
/* report.c - the status of a pool, to the log, a slice at a time. */
#include "config.h"

#include "base/log.h"
#include "base/tune.h"
#include "daemon/report.h"
#include "daemon/scan.h"

static void write_head(struct view *view)
{
	char line[STATUS_LINE_SIZE];
	struct km_mem_info info;

	if (view_info(view, &info) == 0)
		km_log(km_tune->memlog, "%s",
		    status_head(view, &info, line, sizeof(line)));
	else
		km_log(km_tune->memlog, "%s: the accounts are damaged",
		    view_header(view)->name);
}

int report_start(struct report *report, struct scan *scan, int parts)
{
	bool with_free =
	    (parts & REPORT_BLOCKS) != 0 && km_tune->mem_status_mode != 0;
	int rc = 0;

	*report = (struct report){ .scan = scan, .parts = parts };
	if ((parts & REPORT_SUMS) != 0)
		rc = site_sums_init(&report->sums, scan->view);
	if (rc != 0)
		return rc;
	scan_start(scan, with_free ? SCAN_ALL : SCAN_LIVE, 0);
	write_head(scan->view);
	return 0;
}

void report_end(struct report *report)
{
	site_sums_fini(&report->sums);
}

static void write_block(struct report *report)
{
	struct scan *scan = report->scan;
	char line[STATUS_LINE_SIZE];

	if ((report->parts & REPORT_BLOCKS) != 0)
		km_log(km_tune->memlog, "%s",
		    status_block(scan->view, report->n++, &scan->block, line,
			sizeof(line)));
	if ((report->parts & REPORT_SUMS) != 0 && !scan->block.is_free)
		site_sums_add(&report->sums, &scan->block);
}

static void write_damage(struct report *report)
{
	struct scan *scan = report->scan;
	char line[STATUS_LINE_SIZE];

	km_log(km_tune->memlog, "%s",
	    status_damage(scan->view, scan->damage.off, scan->damage.bytes,
		line, sizeof(line)));
}

static bool write_sums(struct report *report)
{
	struct scan *scan = report->scan;
	char line[STATUS_LINE_SIZE];

	while (report->n_sums < report->sums.n) {
		if (scan_slice_is_over(scan))
			return false;
		km_log(km_tune->memlog, "%s",
		    status_sum(scan->view, &report->sums.sum[report->n_sums++],
			line, sizeof(line)));
	}
	return true;
}

bool report_slice(struct report *report)
{
	struct scan *scan = report->scan;
	enum scan_found found;

	scan_begin_slice(scan);
	if (report->is_scanned)
		return write_sums(report);
	while ((found = scan_next(scan)) < SCAN_LATER)
		found == SCAN_BLOCK ? write_block(report)
				    : write_damage(report);
	if (found == SCAN_LATER)
		return false;
	report->is_scanned = true;
	site_sums_sort(&report->sums, SITES_BY_SIZE);
	return report->sums.n == 0;
}
