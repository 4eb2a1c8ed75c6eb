/* SPDX-License-Identifier: ISC */
/* slab_view.h - the manager slab as others see it: walks, sums, recovery. */
#ifndef KMEM_MEM_SLAB_VIEW_H
#define KMEM_MEM_SLAB_VIEW_H
/* Each is a function of the vtable: manager.h and view.h say what it does. */
#include "mem/view.h"

int slab_view_info(struct view *view, struct km_mem_info *info);
int slab_walk(
    struct view *view, struct view_walk *walk, struct view_block *block);
int slab_inspect(
    struct view *view, const struct view_block *block, struct misuse *finding);
int slab_resync(struct view *view, struct view_walk *walk);
void slab_recover(struct km_pool *pool, uint32_t slot);
size_t slab_trim(struct km_pool *pool);
size_t slab_trim_old(struct km_pool *pool, unsigned parts);
int slab_grow_by(struct km_pool *pool, size_t bytes);

#endif
