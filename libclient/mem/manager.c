/* SPDX-License-Identifier: ISC */
/* manager.c - the managers there are. */
#include "config.h"

#include <string.h>

#include "mem/manager.h"

static const struct manager *const managers[] = {
	[MANAGER_NONE] = NULL,
	[MANAGER_QM] = &manager_qm,
	[MANAGER_SLAB] = &manager_slab,
};
_Static_assert(sizeof(managers) / sizeof(managers[0]) == MANAGER__COUNT,
    "a vtable for each manager");

const struct manager *manager_at(uint32_t id)
{
	return id < MANAGER__COUNT ? managers[id] : NULL;
}

const struct manager *manager_find(const char *name, uint32_t *id)
{
	for (*id = MANAGER_NONE + 1; *id < MANAGER__COUNT; (*id)++)
		if (strcmp(managers[*id]->name, name) == 0)
			return managers[*id];
	return NULL;
}
