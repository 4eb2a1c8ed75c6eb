/* SPDX-License-Identifier: ISC */
/* signals.h - a process's signals, as a table served by its event loop. */
#ifndef KMEMD_SIGNALS_H
#define KMEMD_SIGNALS_H
/*
 * Lifetime: signals_new() to signals_free(), one set per event loop.
 * Concurrency: one thread.
 */
#include <signal.h>

#include <event2/event.h>

struct signals;

struct signal_row {
	int signo;		  /* 0 ends the table */
	event_callback_fn handle; /* NULL: the signal is ignored */
};

/*
 * Watch all of them, and let all signals in, whatever mask we were started
 * with. Returns 0 and *signals, or -KM_ENOMEM.
 */
int signals_new(struct event_base *base, const struct signal_row *rows,
    struct signals **signals);
void signals_free(struct signals **signals);

/*
 * Hold back all signals: around a fork, so that none is handled in the child
 * by the parent's event loop.
 */
void signals_block(void);
void signals_unblock(void);

#endif
