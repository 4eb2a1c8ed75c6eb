/* SPDX-License-Identifier: ISC */
/* summary.c - the status of this process's pools, to the log. */
#include "config.h"

#include "daemon/summary.h"
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
