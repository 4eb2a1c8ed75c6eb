/* SPDX-License-Identifier: ISC */
/* pkgread.h - reading the pkg pool of any process, here or in a program. */
#ifndef KMEMD_PKGREAD_H
#define KMEMD_PKGREAD_H
/*
 * A view and what it reads from, held on its own: it goes on when the process
 * whose pool it is dies or is replaced.  Of a worker that is a map; of a
 * program that has attached its /proc/PID/mem, which needs nothing of the
 * program, be it running, hung or stopped, and reads no more once it has gone.
 *
 * Lifetime: pkgread_open() to pkgread_close().
 * Concurrency: one thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pkgread;
struct proc;
struct view;

/*
 * Returns 0 and *read; -KM_EREADY: the process has no pool; -KM_EPERM: it
 * cannot be looked at, pkg_why of the row says why; -KM_ECLOSED: it has ended;
 * -KM_EABI, -KM_ECORRUPT,
 * -KM_ENOMEM, -KM_ESYS.
 */
int pkgread_open(struct pkgread **read, const struct proc *proc);
void pkgread_close(struct pkgread **read);

/*
 * Where a program that has told nobody has its pkg pool: what looks like one
 * in its memory, which fd reads. Returns 0, or -KM_ENOENT.
 */
int pkgread_find(pid_t pid, int fd, uint64_t *base, size_t *size);

/* A program has ended meanwhile: what was read last is not what was there. */
bool pkgread_is_gone(const struct pkgread *read);

/* Borrowed. */
struct view *pkgread_view(const struct pkgread *read);

#endif
