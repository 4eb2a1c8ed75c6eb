/* SPDX-License-Identifier: ISC */
/* observers.h - who looks at the chunk since an earlier kmemd, without a slot.
 */
#ifndef KMEMD_OBSERVERS_H
#define KMEMD_OBSERVERS_H
/*
 * List and watch them again: the processes that have this file mapped for
 * reading alone, as far as /proc may be read.  Children of observers are among
 * them; they were not listed before.
 *
 * Concurrency: the supervisor's one thread, behind takeover_adopt().
 */
void observers_adopt(int fd);

#endif
