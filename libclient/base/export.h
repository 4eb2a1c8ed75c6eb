/* SPDX-License-Identifier: ISC */
/* export.h - the mark of a function that libkmem exports. */
#ifndef KMEM_BASE_EXPORT_H
#define KMEM_BASE_EXPORT_H
/*
 * Everything else is hidden: libkmem is built with -fvisibility=hidden and
 * a symbol map that lets km_* out and nothing more.
 */
#ifdef __cplusplus
#define KM_API extern "C" __attribute__((visibility("default")))
#else
#define KM_API __attribute__((visibility("default")))
#endif

/*
 * On a declaration of data: it is in the same library, so it is reached
 * without the table for data of others.
 */
#define KM_HIDDEN __attribute__((visibility("hidden")))

/*
 * Of a thread's variable: reached without a call. Such a call may allocate,
 * and be made by malloc().
 */
#define KM_TLS_INITIAL __attribute__((tls_model("initial-exec")))

#endif
