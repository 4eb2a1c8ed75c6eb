/* SPDX-License-Identifier: ISC */
/* methods.c - the list of tables, and who hears of a connection's end. */
#include "config.h"

#include <stddef.h>

#include "daemon/methods/methods.h"

const struct rpc_method *const methods_tables[] = {
	core_methods,
	cfg_methods,
	ctl_methods,
	mem_methods,
	pkg_methods,
	rpc_methods,
	shm_methods,
	system_methods,
	NULL,
};

/* One line for each name space that keeps something for a connection. */
void methods_closed(const void *connection, void *context)
{
}
