/* SPDX-License-Identifier: ISC */
/* launch.h - a program whose malloc() is libkmem's. */
#ifndef CTL_LAUNCH_H
#define CTL_LAUNCH_H
#include <stddef.h>

#include "ctl/status.h"

/*
 * words are, behind a "--" or not, a program and its arguments. It takes the
 * place of this process, with libkmem_preload.so before all other libraries
 * (LD_PRELOAD), and told where kmemd attaches (KMEMD_ATTACH). Returns only
 * when that fails, with its status; says why on stderr.
 */
enum status launch_run(size_t count, char *const *words);

#endif
