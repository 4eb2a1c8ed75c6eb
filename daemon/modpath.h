/* SPDX-License-Identifier: ISC */
/* modpath.h - finds the file of a module. */
#ifndef KMEMD_MODPATH_H
#define KMEMD_MODPATH_H
/*
 * Concurrency: the main thread.
 */
#include <stddef.h>

/*
 * Search the folders of the parameter module_path for name or name.so; a name
 * with a slash is a path itself. Returns 0 and *path, which the caller frees;
 * or why and -KM_ENOENT, -KM_EINVAL: no name, -KM_ENOMEM.
 */
int modpath_find(const char *name, char **path, char *why, size_t size);

#endif
