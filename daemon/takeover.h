/* SPDX-License-Identifier: ISC */
/* takeover.h - who was in the chunk that has been found. */
#ifndef KMEMD_TAKEOVER_H
#define KMEMD_TAKEOVER_H
/*
 * A slot says by pid and start time whose it is.  Who has died since nobody
 * looked is settled; workers of the kmemd before us are ended first, if they
 * have not noticed; programs that live are watched and listed again, and notice
 * nothing.
 *
 * Concurrency: the supervisor's one thread.
 */
struct km_pool;

/* Settle what the dead have left. Mine is not looked at. */
void takeover_settle(struct km_pool *pool, unsigned mine);

/*
 * Watch the programs that live, once the attach socket is there; tell what the
 * dead have left, and free what they owned.
 */
void takeover_adopt(struct km_pool *pool);

#endif
