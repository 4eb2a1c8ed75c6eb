/* SPDX-License-Identifier: ISC */
/* methods.c - the list of tables. */
#include "config.h"

#include <stddef.h>

#include "daemon/methods/methods.h"

const struct rpc_method *const methods_tables[] = {
	core_methods,
	cfg_methods,
	ctl_methods,
	lock_methods,
	mem_methods,
	mod_methods,
	pkg_methods,
	rpc_methods,
	shm_methods,
	system_methods,
	NULL,
};
