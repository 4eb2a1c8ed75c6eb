/* SPDX-License-Identifier: ISC */
/* mem.c - mem_dump_pkg and mem_dump_shm. */
#include "config.h"

#include "daemon/methods/dump.h"
#include "daemon/methods/methods.h"
#include "daemon/methods/pools.h"

static void mem_dump_pkg(struct rpc_call *call)
{
	const struct proc *proc = pools_find_pid(call, rpc_arg_int(call, 0));

	if (proc != NULL)
		dump_page(call, proc, (uint64_t)rpc_arg_int(call, 1),
		    rpc_arg_string(call, 2));
}

static void mem_dump_shm(struct rpc_call *call)
{
	dump_page(call, NULL, (uint64_t)rpc_arg_int(call, 0),
	    rpc_arg_string(call, 1));
}

#define PAGE_PARAMS                                                            \
	{ "from", RPC_INT, .optional = true,                                   \
		.help = "where the page before has ended" },                   \
	{                                                                      \
		"seen", RPC_STRING, .optional = true,                          \
				    .help = "what the pages before have"       \
	}

static const struct rpc_param pkg_params[] = {
	{ "pid", RPC_INT, .help = "of a process of this service" },
	PAGE_PARAMS,
	{ NULL },
};

static const struct rpc_param shm_params[] = {
	PAGE_PARAMS,
	{ NULL },
};

#define DUMP_RESULT "accounts, blocks, damage, sums, exact, next"
#define DUMP_HELP                                                              \
	"Needs nothing of the processes: they may run, sleep, be stopped or "  \
	"dead. Written to the log at level memlog, and returned in pages: "    \
	"next is the request for the next one."

const struct rpc_method mem_methods[] = {
	{ "mem_dump_pkg", mem_dump_pkg, pkg_params, RPC_ROLE_DUMP, DUMP_RESULT,
	    "every live block of the pkg pool of a process, and sums per site",
	    DUMP_HELP },
	{ "mem_dump_shm", mem_dump_shm, shm_params, RPC_ROLE_DUMP, DUMP_RESULT,
	    "every live block of the shm pool, and sums per site", DUMP_HELP },
	{ NULL },
};
