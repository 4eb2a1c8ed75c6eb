/* SPDX-License-Identifier: ISC */
/* bad_abi.c - a module of another ABI. */
#include "config.h"

#include "daemon/module.h"

KMEMD_EXPORTS = { KMEMD_MODULE_ABI + 41, "bad_abi", "1.0" };
