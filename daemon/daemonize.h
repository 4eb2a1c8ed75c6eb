/* SPDX-License-Identifier: ISC */
/* daemonize.h - to the background, with an answer to whoever started us. */
#ifndef KMEMD_DAEMONIZE_H
#define KMEMD_DAEMONIZE_H
/*
 * The parent stays until the child, the service, says that it answers; or it
 * prints what the child wrote to the status pipe, else how it ended.
 *
 *   parent                               child
 *   daemonize_fork(): returns the role   daemonize_fork(): own session, cwd /
 *   daemonize_wait(): its exit status    logsink_tee(daemonize_fd())
 *                                        ... start ...
 *                                        daemonize_ready()
 *
 * Lifetime: the pipe is closed by daemonize_ready(), or the child's end.
 * Concurrency: the main thread, before other threads are started.
 */
enum daemonize_role {
	DAEMONIZE_PARENT = 0,
	DAEMONIZE_CHILD = 1,
};

enum daemonize_stderr {
	DAEMONIZE_DROP_STDERR,
	DAEMONIZE_KEEP_STDERR, /* the log goes there */
};

/* Fork. Returns enum daemonize_role, or -KM_ESYS (logged). */
int daemonize_fork(void);

/*
 * In the parent: wait for the child's word. Returns the exit status: 0, or 1
 * after the reason was printed on standard error.
 */
int daemonize_wait(void);

/* In the child: where reasons are written to; -1 when there is no pipe. */
int daemonize_fd(void);

/* In the child: the service answers. Standard streams become /dev/null. */
void daemonize_ready(enum daemonize_stderr keep);

/* In a worker that has started: the same without a word to the parent. */
void daemonize_settle(enum daemonize_stderr keep);

#endif
