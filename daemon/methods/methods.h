/* SPDX-License-Identifier: ISC */
/* methods.h - all methods of kmemd: one table for each name space. */
#ifndef KMEMD_METHODS_H
#define KMEMD_METHODS_H

#include "rpc/method.h"

extern const struct rpc_method core_methods[];
extern const struct rpc_method cfg_methods[];
extern const struct rpc_method ctl_methods[];
extern const struct rpc_method lock_methods[];
extern const struct rpc_method mem_methods[];
extern const struct rpc_method mod_methods[];
extern const struct rpc_method pkg_methods[];
extern const struct rpc_method rpc_methods[];
extern const struct rpc_method shm_methods[];
extern const struct rpc_method system_methods[];

/* Ends with NULL. */
extern const struct rpc_method *const methods_tables[];

#endif
