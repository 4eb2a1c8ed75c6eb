/* SPDX-License-Identifier: ISC */
/* strays.h - processes that workers have forked themselves. */
#ifndef KMEMD_STRAYS_H
#define KMEMD_STRAYS_H
/*
 * Under slab such a process is a participant of its own, in slots with the rank
 * and name of its worker (slot_join()).  Nobody tells the supervisor: it looks,
 * and sees from then on when the process dies, as of any other.
 *
 * Lifetime: strays_init() to strays_fini(), which the processes survive.
 * Concurrency: the supervisor's one thread.
 */
struct event_base;

void strays_init(struct event_base *base);
void strays_fini(void);

/* Watch those that are new. Settle what those have left who died unseen. */
void strays_look(void);

#endif
