/* SPDX-License-Identifier: ISC */
/* param_default.h - defaults that the build decides (MEMDBG=1). */
#ifndef KMEMD_PARAM_DEFAULT_H
#define KMEMD_PARAM_DEFAULT_H

/* KMEMD_MEMDBG comes from config.h, which each .c includes first. */
#define PARAM_DEFAULT_MANAGER "qm"
#define PARAM_DEFAULT_MEMDBG  (KMEMD_MEMDBG ? 2 : 4)

#endif
