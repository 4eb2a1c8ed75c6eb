/* SPDX-License-Identifier: ISC */
/* shm.c - shm.stats and shm.info. */
#include "config.h"

#include "base/err.h"
#include "daemon/methods/json.h"
#include "daemon/methods/methods.h"
#include "daemon/methods/pools.h"
#include "daemon/param.h"

static void shm_stats(struct rpc_call *call)
{
	struct km_mem_info info;
	int rc = pools_info_shm(&info);

	if (rc != 0)
		rpc_fail(call, RPC_FAILED, "shm pool: %s", km_strerror(rc));
	else
		rpc_reply(call, pools_shmmem(&info, 1));
}

static void shm_info(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_object();

	add_text(reply, "name", param_string(P_SHM_MANAGER));
	add_uint(reply, "size", (uint64_t)param_int(P_SHM_MEM_SIZE) << 20);
	rpc_reply(call, reply);
}

const struct rpc_method shm_methods[] = {
	{ "shm.stats", shm_stats, NULL, RPC_ROLE_READ,
	    "total, free, used, real_used, max_used, fragments",
	    "accounts of the shm pool in bytes", NULL },
	{ "shm.info", shm_info, NULL, RPC_ROLE_READ, "name, size",
	    "manager and size in bytes of the shm pool", NULL },
	{ NULL },
};
