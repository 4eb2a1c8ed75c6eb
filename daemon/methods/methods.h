/* SPDX-License-Identifier: ISC */
/* methods.h - all methods of kmemd: one table for each name space. */
#ifndef KMEMD_METHODS_H
#define KMEMD_METHODS_H

#include "rpc/method.h"

/* Ends with NULL. */
extern const struct rpc_method *const methods_tables[];

#endif
