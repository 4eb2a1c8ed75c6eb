/* SPDX-License-Identifier: ISC */
/* rpcserve.c - the RPC socket of the supervisor. */
#include "config.h"

#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/methods/methods.h"
#include "daemon/param.h"
#include "daemon/roles.h"
#include "daemon/rpcserve.h"
#include "rpc/server.h"

static struct {
	struct rpc_server *server;
} serve;

/* A limit is called as its parameter, which errors name in data.param. */
static struct rpc_limits limits(void)
{
	return (struct rpc_limits){
		.connections = (unsigned)param_int(P_RPC_CONNECTIONS),
		.connections_per_uid =
		    (unsigned)param_int(P_RPC_CONNECTIONS_PER_UID),
		.request_size = (size_t)param_int(P_RPC_REQUEST_SIZE),
		.reply_size = (size_t)param_int(P_RPC_REPLY_SIZE),
		.depth = (unsigned)param_int(P_RPC_DEPTH),
		.batch = (unsigned)param_int(P_RPC_BATCH),
		.values = (unsigned)param_int(P_RPC_VALUES),
		.output_queue = (size_t)param_int(P_RPC_OUTPUT_QUEUE),
		.output_total = (size_t)param_int(P_RPC_OUTPUT_TOTAL),
		.idle_ms = (unsigned)param_int(P_RPC_IDLE_MS),
		.partial_ms = (unsigned)param_int(P_RPC_PARTIAL_MS),
	};
}

int rpcserve_open(struct event_base *base, uid_t uid, gid_t gid)
{
	const struct rpc_limits lim = limits();
	const struct rpc_server_options opt = {
		.base = base,
		.tables = methods_tables,
		.limits = &lim,
		.role = roles_find,
	};
	mode_t mode = (mode_t)param_int(P_RPC_SOCKET_MODE);
	int fd, rc;

	rc = rpc_listen(param_string(P_RPC_SOCKET), mode, uid, gid, &fd);
	if (rc < 0)
		return rc;
	rc = rpc_server_new(fd, &opt, &serve.server);
	if (rc < 0) {
		LM_ERR("cannot serve on %s: %s", param_string(P_RPC_SOCKET),
		    km_strerror(rc));
		unlink(param_string(P_RPC_SOCKET));
	}
	return rc;
}

/*
 * Removed first, so that nobody connects to a server that is going. A folder
 * that the service's user may not write keeps it: the next start replaces it.
 */
void rpcserve_close(void)
{
	if (serve.server == NULL)
		return;
	unlink(param_string(P_RPC_SOCKET));
	rpc_server_free(&serve.server);
}

void rpcserve_drain(void)
{
	if (serve.server != NULL)
		rpc_server_drain(serve.server);
}

bool rpcserve_is_idle(void)
{
	return serve.server == NULL || rpc_server_is_idle(serve.server);
}

void rpcserve_leave(void)
{
	if (serve.server != NULL)
		rpc_server_forget(&serve.server);
}

struct rpc_server *rpcserve_server(void)
{
	return serve.server;
}
