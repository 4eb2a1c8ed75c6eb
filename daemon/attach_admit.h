/* SPDX-License-Identifier: ISC */
/* attach_admit.h - what a HELLO is answered. */
#ifndef KMEMD_ATTACH_ADMIT_H
#define KMEMD_ATTACH_ADMIT_H
/*
 * Concurrency: the supervisor's one thread.
 */
#include <stdint.h>

#include "attach_msg.h"

struct attach_peer;
struct proc;

/*
 * Before the user is changed: what observers are handed. Returns 0, or < 0
 * (logged).
 */
int attach_admit_init(void);
void attach_admit_fini(void);

/*
 * Check what a program has sent as its first packet, and take it in: a row of
 * the process table, and a slot unless it only observes. Its descriptor is
 * taken out of the packet. Returns 0, *proc, and *reply with its descriptor,
 * borrowed, or -1; or < 0 and a text for the program.
 */
int attach_admit(const struct attach_peer *peer, struct attach_packet *packet,
    struct proc **proc, struct attach_msg *reply, int *fd,
    char why[ATTACH_WHY_SIZE]);

/*
 * A row for a program that another kmemd has taken in, with a slot that it has.
 * Returns 0 and *proc, or -KM_ENOMEM.
 */
int attach_readmit(const struct attach_peer *peer, uint32_t slot,
    const char *desc, struct proc **proc);

/* It has gone: what it left in the chunk is settled, its row is free. */
void attach_dismiss(struct proc **proc);

#endif
