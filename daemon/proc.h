/* SPDX-License-Identifier: ISC */
/* proc.h - the process table: the supervisor, its workers, and programs. */
#ifndef KMEMD_PROC_H
#define KMEMD_PROC_H
/*
 * One row for each process of the service, in the order of pkg.stats and
 * core.psx: row 0 is the supervisor, row N the worker of rank N.  A row stays
 * when its process dies and is taken by the replacement, so rows are numbered
 * without gaps.  Behind them are the programs that have attached, of rank -1,
 * each in a row of its own until it is gone.
 *
 * Lifetime: proc_init() to proc_fini().  What a row says about its last
 * process, its pool included, stays until the replacement is launched.
 * Concurrency: in the supervisor, by its one thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "mem/segment.h"

enum proc_state {
	PROC_NONE,     /* never launched */
	PROC_STARTING, /* launched, not yet ready */
	PROC_READY,    /* at work; a stopped or debugged process is ready too */
	PROC_STOPPING, /* told to stop */
	PROC_DEAD,     /* to be replaced after a pause, or never */
	PROC_STATE__COUNT
};
extern const char *const proc_state_names[PROC_STATE__COUNT];

#define PROC_DESC_SIZE 64   /* bytes, the final NUL included */
#define PROC_WHY_SIZE  96   /* the same */
#define PROC_OUTSIDE   (-1) /* rank of programs */

struct proc {
	unsigned index; /* row in this table */
	int rank;	/* 0: supervisor; 1 ...: workers; -1: a program */
	pid_t pid;	/* of a dead one as well; 0 when never launched */
	enum proc_state state;
	char desc[PROC_DESC_SIZE];
	time_t started;	   /* seconds since 1970, of this process */
	unsigned restarts; /* times that it was replaced */
	int exit_status;   /* of the last one that died, as wait(2) gives it */
	uint32_t slot;	   /* its participant's slot in the shm pool */
	struct segment pkg_segment; /* its pkg pool */
	const void *pkg_map;	    /* read-only, for a view; NULL: none */
	size_t pkg_size;	    /* bytes of that map */
	/* Of a program, whose pkg pool is memory of its own: */
	uid_t uid;
	int mem_fd;		     /* its /proc/PID/mem; -1: see pkg_why */
	uint64_t pkg_base;	     /* where the pool is in it */
	char pkg_why[PROC_WHY_SIZE]; /* why it cannot be looked at */
};

/* A table of a supervisor and n_workers. Returns 0 or -KM_ENOMEM. */
int proc_init(unsigned n_workers);
void proc_fini(void);

/* Number of rows of the service: 1 + workers; 0 before proc_init(). */
unsigned proc_count(void);

/* A row of the service; NULL when there is none. */
struct proc *proc_at(unsigned index);

/*
 * The first row from `index` on, programs included; NULL: there is none.
 *   for (p = proc_from(0); p != NULL; p = proc_from(p->index + 1))
 */
struct proc *proc_from(unsigned index);

/* A row for a program. Returns 0 and *proc, or -KM_ENOMEM. */
int proc_add(struct proc **proc);

/* It has gone: close its descriptor, free its row. */
void proc_remove(struct proc **proc);

/* By pid, be it alive or dead but not yet replaced; NULL: unknown. */
struct proc *proc_by_pid(pid_t pid);

/* Whether a process runs (or is stopped) in this row. */
bool proc_is_alive(const struct proc *proc);

/* A process of this pid has been launched in the row: it is starting. */
void proc_set_launched(struct proc *proc, pid_t pid, const char *desc);

/* Set the text that core.psx and pkg.stats show; cut to fit. */
void proc_set_desc(struct proc *proc, const char *desc);

/* "exited with status 1", "killed by signal 9 (Killed)" ... Into buf; buf. */
const char *proc_exit_text(int exit_status, char *buf, size_t size);

#endif
