/* SPDX-License-Identifier: ISC */
/* bad_init.c - a module that cannot be started, in a way that can be set. */
#include "config.h"

#include <stdlib.h>

#include "daemon/module.h"

static int init_rc = -7;
static int child_rc = -8;

static int bad_init(void)
{
	return init_rc;
}

static int bad_child_init(int rank, struct event_base *base)
{
	return child_rc;
}

/* It is not to be called when mod_init has failed. */
static void bad_destroy(void)
{
	if (init_rc < 0)
		abort();
}

static const struct kmemd_module_param params[] = {
	{ "init_rc", KMEMD_PARAM_INT, &init_rc, "what mod_init returns" },
	{ "child_rc", KMEMD_PARAM_INT, &child_rc, "what child_init returns" },
	{ NULL },
};

KMEMD_EXPORTS = { KMEMD_MODULE_ABI, "bad_init", "1.0", params, bad_init,
	bad_child_init, bad_destroy };
