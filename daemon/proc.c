/* SPDX-License-Identifier: ISC */
/* proc.c - the process table. */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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
	struct proc **outside; /* programs; NULL: nobody is in this row */
	unsigned n_outside;
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
		table.rows[i].mem_fd = -1;
	}
	return 0;
}

void proc_fini(void)
{
	for (unsigned i = 0; i < table.n_outside; i++)
		if (table.outside[i] != NULL)
			proc_remove(&(struct proc *){ table.outside[i] });
	free(table.outside);
	table.outside = NULL;
	table.n_outside = 0;
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

struct proc *proc_from(unsigned index)
{
	unsigned i = index > table.count ? index - table.count : 0;

	if (index < table.count)
		return &table.rows[index];
	while (i < table.n_outside && table.outside[i] == NULL)
		i++;
	return i < table.n_outside ? table.outside[i] : NULL;
}

/* A row where nobody is, at the end if need be. */
static int find_row(unsigned *row)
{
	struct proc **rows;

	for (*row = 0; *row < table.n_outside; (*row)++)
		if (table.outside[*row] == NULL)
			return 0;
	rows = realloc(table.outside, (table.n_outside + 1) * sizeof(*rows));
	if (rows == NULL)
		return -KM_ENOMEM;
	table.outside = rows;
	table.outside[table.n_outside++] = NULL;
	return 0;
}

int proc_add(struct proc **out)
{
	struct proc *proc = calloc(1, sizeof(*proc));
	unsigned row = 0;

	if (proc == NULL || find_row(&row) != 0) {
		free(proc);
		return -KM_ENOMEM;
	}
	table.outside[row] = proc;
	proc->index = table.count + row;
	proc->rank = PROC_OUTSIDE;
	proc->pkg_segment.id = -1;
	proc->mem_fd = -1;
	*out = proc;
	return 0;
}

void proc_remove(struct proc **proc)
{
	table.outside[(*proc)->index - table.count] = NULL;
	if ((*proc)->mem_fd >= 0)
		close((*proc)->mem_fd);
	free(*proc);
	*proc = NULL;
}

struct proc *proc_by_pid(pid_t pid)
{
	struct proc *proc = pid > 0 ? proc_from(0) : NULL;

	while (proc != NULL && proc->pid != pid)
		proc = proc_from(proc->index + 1);
	return proc;
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
