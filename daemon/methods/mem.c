/* SPDX-License-Identifier: ISC */
/* mem.c - mem_dump_pkg and mem_dump_shm; the table of mem.*. */
#include "config.h"

#include "daemon/methods/dump.h"
#include "daemon/methods/mem_methods.h"
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

static const struct rpc_param check_params[] = {
	{ "pool", RPC_STRING, .optional = true,
	    .help = "pkg, shm or all, which is the default" },
	{ "pid", RPC_INT, .optional = true, .help = "of pkg: whose" },
	{ NULL },
};

static const struct rpc_param find_params[] = {
	{ "address", RPC_ANY,
	    .help = "0x and hexadecimal digits, or a number" },
	{ "pid", RPC_INT, .optional = true,
	    .help = "of pkg: whose; all when left out" },
	{ NULL },
};

/* A place that is left out is taken by the next: mem.top shm blocks 5. */
static const struct rpc_param top_params[] = {
	{ "pool", RPC_ANY, .optional = true, .help = "pkg or shm (default)" },
	{ "pid", RPC_ANY, .optional = true, .help = "of pkg: whose" },
	{ "by", RPC_ANY, .optional = true,
	    .help = "bytes (default) or blocks" },
	{ "count", RPC_ANY, .optional = true, .help = "of sites shown (10)" },
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
	{ "mem.check", mem_check, check_params, RPC_ROLE_DUMP,
	    "a struct for each pool: blocks, found, findings",
	    "look at the guards of all blocks now",
	    "A finding is a block whose tail or head was written over, or a "
	    "part of the pool where blocks cannot be made out." },
	{ "mem.find", mem_find, find_params, RPC_ROLE_DUMP,
	    "a struct for each pool that has the address",
	    "what is at an address: block, site, owner, neighbours, bytes",
	    "An address of pkg means something else in each process." },
	{ "mem.top", mem_top, top_params, RPC_ROLE_READ,
	    "accounts, sites, others",
	    "the sites that hold most of a pool, and the ages of their blocks",
	    "mem.top [pkg PID|shm] [bytes|blocks] [count]. A leak has blocks "
	    "of all ages, and more each time one asks." },
	{ NULL },
};
