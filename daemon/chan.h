/* SPDX-License-Identifier: ISC */
/* chan.h - the control channel between the supervisor and a worker. */
#ifndef KMEMD_CHAN_H
#define KMEMD_CHAN_H
/*
 * Small fixed messages over a pair of SOCK_SEQPACKET sockets.  A message is
 * either sent whole at once or not at all: nobody ever waits for a process
 * that is stopped.
 *
 * Lifetime: chan_new() to chan_free(), which a handler may call.
 * Concurrency: one thread, one event loop, at each end.
 */
#include <stdint.h>

struct chan;
struct event_base;

enum chan_type {
	CHAN_READY,	 /* worker: at work */
	CHAN_DESC,	 /* worker: this is what I do, text */
	CHAN_STOP,	 /* supervisor: finish and exit */
	CHAN_LOG_REOPEN, /* supervisor: log files have been moved */
	CHAN_TYPE__COUNT
};
extern const char *const chan_type_names[CHAN_TYPE__COUNT];

#define CHAN_TEXT_SIZE 64 /* bytes, the final NUL included */

/*
 * What an end does with what comes in: by type; NULL: not for this end, logged
 * and dropped. closed() is told once that the other end is gone.
 */
struct chan_ops {
	void (*on[CHAN_TYPE__COUNT])(void *arg, const char *text);
	void (*closed)(void *arg);
};

/* Two connected ends: not inherited over exec, never blocking. 0, -KM_ESYS. */
int chan_pair(int fd[2]);

/*
 * Serve one end. Takes over fd, also when it fails. ops is borrowed.
 * Returns 0 and *chan, or -KM_ENOMEM.
 */
int chan_new(struct event_base *base, int fd, const struct chan_ops *ops,
    void *arg, struct chan **chan);

/*
 * Send; text may be NULL and is cut to fit. Returns 0; -KM_EBUSY: the other
 * end does not read; -KM_ECLOSED: it is gone.
 */
int chan_send(struct chan *chan, enum chan_type type, const char *text);

void chan_free(struct chan **chan);

#endif
