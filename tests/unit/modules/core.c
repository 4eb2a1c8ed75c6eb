/* SPDX-License-Identifier: ISC */
/* core.c - a module with the name of kmemd's own cfg group. */
#include "config.h"

#include "daemon/module.h"

KMEMD_EXPORTS = { KMEMD_MODULE_ABI, "core", "1.0" };
