/* SPDX-License-Identifier: ISC */
/* title.h - what ps shows of a process. */
#ifndef KMEMD_TITLE_H
#define KMEMD_TITLE_H
/*
 * A title is written over the arguments and the environment, as long as they
 * lie in one piece; argv and environ point to copies afterwards.
 *
 * Lifetime: title_init() to title_fini(); kept by fork.
 * Concurrency: the main thread, before other threads are started.
 */
#include <stddef.h>

/* First thing in main(): find the room. Returns 0 or -KM_ENOMEM. */
int title_init(int argc, char **argv);

/*
 * Set the title ("kmemd: worker 1", cut to fit), and the short name of at most
 * 15 bytes that ps -C and killall know ("kmemd").
 */
void title_set(const char *comm, const char *title);

/* Bytes of a title that fit. 0: title_init() found no room. */
size_t title_room(void);

/* The arguments as they were given; a NULL ends them. Borrowed. */
char *const *title_args(void);

/* Free the copies, at the very end: argv and environ are gone then. */
void title_fini(void);

#endif
