/* SPDX-License-Identifier: ISC */
/* modhost.h - loads modules, sets their parameters, runs their hooks. */
#ifndef KMEMD_MODHOST_H
#define KMEMD_MODHOST_H
/*
 * What a module is: module.h.  Order of calls: load and param while the
 * configuration is read, init_all once in the supervisor, child_init_all in
 * each process, destroy_all in each process as it stops.
 *
 * Lifetime: a module is borrowed, valid until modhost_destroy_all().
 * Concurrency: the main thread.
 */
#include <stddef.h>

#include "daemon/module.h"

struct event_base;
struct modhost; /* a loaded module */

/* Why something was refused, with its remedy; the caller says where. */
struct modhost_why {
	char text[1024];
};

/*
 * Load a module: a file name searched in module_path, ".so" may be left out;
 * with a slash, a path. Returns 0 and *module, or why and
 * -KM_ENOENT: no such file; -KM_EINVAL: no module; -KM_EABI; -KM_EEXIST: loaded
 * already, or a cfg group has its name; -KM_ENOMEM, -KM_ESYS.
 */
int modhost_load(
    const char *name, struct modhost_why *why, struct modhost **module);

/* By the name in its descriptor ("replay"); NULL when not loaded. */
struct modhost *modhost_find(const char *name);

/*
 * Set a parameter, or what a variable starts with, from text, by its type.
 * Returns 0, or why and -KM_ENOENT: no such parameter; -KM_EINVAL: not of its
 * type; -KM_ERANGE; -KM_ENOMEM.
 */
int modhost_param(struct modhost *module, const char *name, const char *text,
    struct modhost_why *why);

/*
 * Run mod_init of all modules, in the order of loading. Returns 0, or
 * -KM_EREADY when one failed (logged); the rest is not run.
 */
int modhost_init_all(void);

/* The same for child_init, in each process. */
int modhost_child_init_all(int rank, struct event_base *base);

/*
 * Run destroy of the modules whose mod_init was run, last one first, and
 * unload all. No code of a module may run afterwards.
 */
void modhost_destroy_all(void);

/* The modules, in the order of loading. NULL gives the first; NULL: no more. */
const struct modhost *modhost_next(const struct modhost *module);

/* Its descriptor, and the file it came from. Borrowed. */
const struct kmemd_module *modhost_module(const struct modhost *module);
const char *modhost_path(const struct modhost *module);

#endif
