/* SPDX-License-Identifier: ISC */
/* proc.c - the process table. */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/err.h"
#include "daemon/proc.h"

const char *const proc_state_names[] = {
	"none",
	"starting",
	"ready",
	"stopping",
	"dead",
};
static_assert(
    sizeof(proc_state_names) / sizeof(proc_state_names[0]) == PROC_STATE__COUNT,
    "a name for each state");

static struct {
	struct proc *rows;
	unsigned count;
} table;

int proc_init(unsigned n_workers)
{
	table.rows = calloc(1 + (size_t)n_workers, sizeof(*table.rows));
	if (table.rows == NULL)
		return -KM_ENOMEM;
	table.count = 1 + n_workers;
	for (unsigned i = 0; i < table.count; i++) {
		table.rows[i].index = i;
		table.rows[i].rank = (int)i;
		table.rows[i].pkg_segment.id = -1;
	}
	return 0;
}

void proc_fini(void)
{
	free(table.rows);
	table.rows = NULL;
	table.count = 0;
}

unsigned proc_count(void)
{
	return table.count;
}

struct proc *proc_at(unsigned index)
{
	return index < table.count ? &table.rows[index] : NULL;
}

struct proc *proc_by_pid(pid_t pid)
{
	for (unsigned i = 0; i < table.count; i++)
		if (pid > 0 && table.rows[i].pid == pid)
			return &table.rows[i];
	return NULL;
}

bool proc_is_alive(const struct proc *proc)
{
	return proc->state == PROC_STARTING || proc->state == PROC_READY ||
	       proc->state == PROC_STOPPING;
}

void proc_set_launched(struct proc *proc, pid_t pid, const char *desc)
{
	if (proc->state == PROC_DEAD)
		proc->restarts++;
	proc->pid = pid;
	proc->state = PROC_STARTING;
	proc->started = time(NULL);
	proc_set_desc(proc, desc);
}

void proc_set_desc(struct proc *proc, const char *desc)
{
	snprintf(proc->desc, sizeof(proc->desc), "%s", desc);
}

const char *proc_exit_text(int exit_status, char *buf, size_t size)
{
	int sig = WIFSIGNALED(exit_status) ? WTERMSIG(exit_status) : 0;

	if (sig != 0)
		snprintf(buf, size, "killed by signal %d (%s)%s", sig,
		    strsignal(sig),
		    WCOREDUMP(exit_status) ? ", core dumped" : "");
	else
		snprintf(buf, size, "exited with status %d",
		    WEXITSTATUS(exit_status));
	return buf;
}
