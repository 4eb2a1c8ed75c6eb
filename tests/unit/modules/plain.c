/* SPDX-License-Identifier: ISC */
/* plain.c - a module with nothing but a name. */
#include "config.h"

#include "daemon/module.h"

KMEMD_EXPORTS = { KMEMD_MODULE_ABI, "plain", "1.0" };
