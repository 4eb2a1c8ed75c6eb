/* SPDX-License-Identifier: ISC */
/* modvar.h - the cfg group of a module, made from its descriptor. */
#ifndef KMEMD_MODVAR_H
#define KMEMD_MODVAR_H
/*
 * Every module has a group of its name, one without variables an empty one.
 *
 * Lifetime: modvar_open() to modvar_close(), while the module is loaded.
 * Concurrency: the main thread.
 */
#include "daemon/modhost.h"

struct group;
struct param;

struct modvar {
	struct param *rows;
	struct group *group;
};

/*
 * Make it, and fill in where the module wants its variables. Returns 0, or why
 * and -KM_EINVAL: a variable is not sound; -KM_EEXIST: a group of that name;
 * -KM_ENOMEM, -KM_ESYS. To be closed in any case.
 */
int modvar_open(struct modvar *vars, const struct kmemd_module *module,
    struct modhost_why *why);
void modvar_close(struct modvar *vars);

/*
 * Set what a variable starts with, from text. Returns 0, or -KM_ENOENT: there
 * is none of this name; or why and -KM_EINVAL, -KM_ERANGE.
 */
int modvar_set(const struct modvar *vars, const char *name, const char *text,
    struct modhost_why *why);

#endif
