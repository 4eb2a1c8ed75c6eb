/* SPDX-License-Identifier: ISC */
/* super_orphans.h - what a dead process has left in shm. */
#ifndef KMEMD_SUPER_ORPHANS_H
#define KMEMD_SUPER_ORPHANS_H
/*
 * A walk over the shm pool as a job of slices, for all that have died: blocks
 * that the dead owned (shm_malloc_owned) are freed, the others stay and are
 * told of in the log.
 *
 * Concurrency: the supervisor's one thread.
 */
#include <stdint.h>

/*
 * Of the process that had this slot; its slots have been settled
 * (slot_dead_process). Without memory: logged.
 */
void super_orphans_start(uint32_t slot);

/* Those that are under way are not ended. */
void super_orphans_drop(void);

#endif
