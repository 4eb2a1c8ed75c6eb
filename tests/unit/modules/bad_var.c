/* SPDX-License-Identifier: ISC */
/* bad_var.c - a module with a variable whose default is out of its range. */
#include "config.h"

#include <stddef.h>

#include "daemon/module.h"

static struct km_var *var;

static const struct kmemd_module_var vars[] = {
	{ "odd", KMEMD_PARAM_INT, &var, 1, 9, 0, NULL, KMEMD_VAR_AT_ONCE, "" },
	{ NULL },
};

KMEMD_EXPORTS = { KMEMD_MODULE_ABI, "bad_var", "1.0", .vars = vars };
