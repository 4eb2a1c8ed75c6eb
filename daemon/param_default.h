/* SPDX-License-Identifier: ISC */
/* param_default.h - defaults that the build or the machine decides. */
#ifndef KMEMD_PARAM_DEFAULT_H
#define KMEMD_PARAM_DEFAULT_H

/* KMEMD_MEMDBG (MEMDBG=1) comes from config.h, which each .c includes first. */
#define PARAM_DEFAULT_MANAGER (KMEMD_MEMDBG ? "qm" : "slab")
#define PARAM_DEFAULT_MEMDBG  (KMEMD_MEMDBG ? 2 : 4)

/* The process table has so many rows, and one for the supervisor. */
#define PARAM_WORKERS_MAX 1024

/* Names of managers that shm_manager and pkg_manager may have. */
#define PARAM_MANAGERS "qm|slab"

/*
 * Where the chunk and the pkg pools are mapped, in every process.  Each range
 * holds the largest pool that the row of its size allows, and they do not
 * meet: 64 GiB of pkg lie below 256 GiB of shm.
 */
#ifdef __aarch64__
/* Kernels with 39-bit addresses end at 0x8000000000. */
#define PARAM_DEFAULT_PKG_BASE 0x3000000000
#define PARAM_DEFAULT_SHM_BASE 0x4000000000
#else
/* Programs built with ThreadSanitizer can map from 0x7e8000000000 up. */
#define PARAM_DEFAULT_PKG_BASE 0x7e8000000000
#define PARAM_DEFAULT_SHM_BASE 0x7e9000000000
#endif

#endif
