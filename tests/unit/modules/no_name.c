/* SPDX-License-Identifier: ISC */
/* no_name.c - a module whose descriptor is not filled in. */
#include "config.h"

#include <stddef.h>

#include "daemon/module.h"

KMEMD_EXPORTS = { KMEMD_MODULE_ABI, NULL, NULL };
