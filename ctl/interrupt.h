/* SPDX-License-Identifier: ISC */
/* interrupt.h - SIGINT that ends what is under way, not kmemctl. */
#ifndef CTL_INTERRUPT_H
#define CTL_INTERRUPT_H
/*
 * A signal makes a descriptor readable, so that whoever waits for an answer
 * can wait for it as well. Until interrupt_catch() it ends kmemctl, as usual.
 * Lifetime: of the process. Concurrency: one thread, and its signal.
 */
#include <stdbool.h>
#include <stdint.h>

/* From now on. Returns 0, or -KM_ESYS. Again: nothing new. */
int interrupt_catch(void);

/* Readable after a signal until it is taken; -1: not caught. */
int interrupt_fd(void);

/* Whether there was one since the last time. */
bool interrupt_take(void);

/* Wait so long. Returns whether it was cut short by one, and takes it. */
bool interrupt_wait(int64_t ms);

#endif
