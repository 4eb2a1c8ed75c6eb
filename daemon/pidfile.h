/* SPDX-License-Identifier: ISC */
/* pidfile.h - a file with our pid and a lock: one kmemd at a time. */
#ifndef KMEMD_PIDFILE_H
#define KMEMD_PIDFILE_H
/*
 * The lock is a record lock (fcntl): it belongs to this process alone, so
 * workers do not keep it when the supervisor dies, and it tells who holds it.
 * Open it after daemonize_fork(), while still allowed to write its folder.
 *
 * Lifetime: pidfile_open() to pidfile_close(), one per process. The process
 * must not open and close the same file otherwise: that drops the lock.
 * Concurrency: the main thread.
 */
#include <sys/types.h>

/*
 * Create, lock, write our pid; an empty path does nothing. uid and gid become
 * the file's owner, -1 leaves one as it is. Returns 0; -KM_EBUSY: held, the
 * log names the pid; -KM_ESYS. Logged.
 */
int pidfile_open(const char *path, uid_t uid, gid_t gid);

/*
 * Remove the file and the lock. Does nothing in a process that is not the one
 * that opened it (a worker), or when the file has been replaced.
 */
void pidfile_close(void);

#endif
