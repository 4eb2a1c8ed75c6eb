/* SPDX-License-Identifier: ISC */
/* handed.h - the chunk's descriptor, kept for us while we were not there. */
#ifndef KMEMD_HANDED_H
#define KMEMD_HANDED_H
/*
 * By the service manager: systemd keeps what is sent to it with FDSTORE=1, and
 * hands it to the next process of the unit (sd_notify(3), sd_listen_fds(3)).
 * By ourselves: core.reexec leaves it open for the program that comes next.
 *
 * Lifetime: handed_init() first thing in main(); what it found is taken once.
 * Concurrency: the main thread.
 */
#include <stdbool.h>

/* Read the environment, and remove from it what is not for our children. */
void handed_init(void);

/* The descriptor, which is the caller's then; -1: none was handed. */
int handed_take(void);

/* This process was kmemd a moment ago: it stays as it is, forks no more. */
bool handed_by_ourselves(void);

/* Leave the descriptor open over exec, and say so. Returns 0 or -KM_ESYS. */
int handed_leave(int fd);

/* Give the service manager a copy to keep, if there is one. */
void handed_store(int fd);

#endif
