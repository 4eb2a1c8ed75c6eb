/* SPDX-License-Identifier: ISC */
/* reexec.h - the next program in the place of this one: core.reexec. */
#ifndef KMEMD_REEXEC_H
#define KMEMD_REEXEC_H
/*
 * The service stops, but for its chunk, and the file that kmemd was started
 * from, which may be a newer one by now, is run in the same process with the
 * same arguments. It takes the chunk over: programs that have attached notice
 * nothing. Workers are ended and started again.
 *
 * Lifetime: reexec_init() to the end of the process.
 * Concurrency: the main thread.
 */
#include <stdbool.h>

/* First thing: what was run, and where. */
void reexec_init(int argc, char **argv);

/* Returns 0, or -KM_ESYS: that file cannot be run, errno says why. */
int reexec_check(void);

/* The path of that file. */
const char *reexec_path(void);

/* The stop that comes is one of these. */
void reexec_want(void);
bool reexec_is_wanted(void);

/* Once all is stopped. Returns only if it failed (logged). */
void reexec_now(void);

#endif
