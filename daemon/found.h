/* SPDX-License-Identifier: ISC */
/* found.h - the chunk that an earlier kmemd has left behind. */
#ifndef KMEMD_FOUND_H
#define KMEMD_FOUND_H
/*
 * A chunk is there as long as somebody has it mapped or open.  One of this
 * service, with no kmemd alive, is found at who was told to keep it (handed.h),
 * or else at any process that has it, by its files in /proc.
 *
 * Whether it is one of this service is said by its header, and by its owner: a
 * memfd of root or of our own user, sealed as chunks are.  What a stranger has
 * made is not looked at twice.
 *
 * Concurrency: the supervisor's one thread, before it has a chunk.
 */
#include <stdint.h>
#include <sys/types.h>

/* The name of a service in its chunk's header: of its attach socket. */
uint64_t found_service(const char *attach_socket);

/*
 * Find it. Returns 1, its descriptor in *fd and in `where` by whom it was kept,
 * at most FOUND_WHERE_SIZE bytes; 0: there is none.
 */
#define FOUND_WHERE_SIZE 64
int found_open(uint64_t service, int *fd, char where[FOUND_WHERE_SIZE]);

/*
 * It is mine, for as long as this process lives and closes no descriptor of the
 * same file: that drops a record lock, however many others are open. Returns 0;
 * or -KM_EBUSY and who has it.
 */
int found_lock(int fd, pid_t *holder);

#endif
