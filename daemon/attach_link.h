/* SPDX-License-Identifier: ISC */
/* attach_link.h - the connections of programs that attach or have attached. */
#ifndef KMEMD_ATTACH_LINK_H
#define KMEMD_ATTACH_LINK_H
/*
 * A connection is open for as long as its program is attached:
 *
 *   WAITING --HELLO--> ATTACHED --LEAVE, exec or death--> gone
 *      |                  |
 *      +--> refused       +--hang-up--> MUTE --death--> gone
 *
 * A hang-up is only a hint: what has gone is said by LEAVE, by the process's
 * memory being gone, or by its pidfd.  When a program has gone, nothing of it
 * is kept.
 *
 * Lifetime: attach_links_init() to attach_links_fini().
 * Concurrency: the supervisor's one thread.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct event_base;

void attach_links_init(struct event_base *base);

/* Close all; the programs go on with the chunk that they have. */
void attach_links_fini(void);

/* How many there are, of one user or in all. */
unsigned attach_links_count(void);
unsigned attach_links_count_uid(uid_t uid);

/* Take over a connection. */
void attach_link_new(int fd, pid_t pid, uid_t uid);

/*
 * Watch a program that has attached to a kmemd before us. pidfd is taken over;
 * slot is one of those that it has.
 */
void attach_link_adopt(
    int pidfd, pid_t pid, uid_t uid, uint32_t slot, const char *desc);

/* Tell the program why not, so that it can read it, and close; logged. */
void attach_refuse(int fd, pid_t pid, uid_t uid, int rc, const char *why);

#endif
