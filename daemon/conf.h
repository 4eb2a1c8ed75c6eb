/* SPDX-License-Identifier: ISC */
/* conf.h - the configuration file. */
#ifndef KMEMD_CONF_H
#define KMEMD_CONF_H
/*
 * The file is read by libconfuse, with one option for each row of param.h and
 * the functions loadmodule("x.so") and modparam("x", "name", value), which run
 * as they are met: module_path must come before the modules it is for.
 *
 * Errors are logged as FILE:LINE: NAME: what is wrong and what would be right.
 * There is no pool yet: shm_malloc() of a module being loaded gives NULL.
 *
 * Lifetime: nothing stays but the values and the modules.
 * Concurrency: the main thread, once at a time.
 */
#include <stdbool.h>

#define CONF_DEFAULT_PATH KMEMD_SYSCONFDIR "/kmemd.conf"

enum conf_need {
	CONF_OPTIONAL, /* a file that is not there: all defaults */
	CONF_REQUIRED,
};

/*
 * Read the file: set parameters, load modules. `pinned` says for each id of
 * param.h whether the command line has set it: then the file's value is
 * checked but not used; NULL: none.
 * Returns 0; -KM_ENOENT: not there; -KM_ESYS: cannot be read; -KM_EINVAL: see
 * the log.
 */
int conf_load(const char *path, enum conf_need need, const bool *pinned);

#endif
