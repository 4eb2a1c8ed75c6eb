/* SPDX-License-Identifier: ISC */
/* ctl.c - ctl.*: the control plane itself, and who is connected to it. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/methods/json.h"
#include "daemon/methods/methods.h"
#include "daemon/param.h"
#include "daemon/rpcserve.h"
#include "rpc/status.h"

/* Protocol, transport, address, in Kamailio's order; then what is ours. */
static void ctl_listen(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_array();
	struct json_object *row = json_object_new_object();
	char mode[16];

	snprintf(mode, sizeof(mode), "%04lo",
	    (unsigned long)param_int(P_RPC_SOCKET_MODE));
	add_text(row, "proto", "jsonrpc");
	add_text(row, "type", "unix_stream");
	add_text(row, "path", param_string(P_RPC_SOCKET));
	add_text(row, "mode", mode);
	json_object_array_add(reply, row);
	rpc_reply(call, reply);
}

static void add_client(const struct rpc_conn_status *client, void *arg)
{
	struct json_object *row = json_object_new_object();

	add_int(row, "pid", client->peer->pid);
	add_uint(row, "uid", client->peer->uid);
	add_uint(row, "gid", client->peer->gid);
	add_text(row, "role", rpc_role_names[client->role]);
	add_time(row, "since", client->since);
	add_uint(row, "idle", client->idle_ms / 1000);
	add_uint(row, "requests", client->requests);
	add_uint(row, "running", client->running);
	add_uint(row, "bytes_in", client->bytes_in);
	add_uint(row, "bytes_out", client->bytes_out);
	add_uint(row, "queued", client->queued);
	json_object_array_add(arg, row);
}

static void ctl_who(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_array();

	rpc_server_visit(rpcserve_server(), add_client, reply);
	rpc_reply(call, reply);
}

static void ctl_connections(struct rpc_call *call)
{
	struct json_object *reply = json_object_new_object();
	struct rpc_server_status status;

	rpc_server_status(rpcserve_server(), &status);
	add_uint(reply, "connections", status.connections);
	add_uint(reply, "max", status.limits.connections);
	add_uint(reply, "max_per_uid", status.limits.connections_per_uid);
	add_uint(reply, "accepted", status.accepted);
	add_uint(reply, "refused", status.refused);
	add_uint(reply, "requests", status.requests);
	add_uint(reply, "queued", status.queued);
	add_uint(reply, "max_queued", status.limits.output_total);
	rpc_reply(call, reply);
}

const struct rpc_method ctl_methods[] = {
	{ "ctl.listen", ctl_listen, NULL, RPC_ROLE_READ,
	    "a struct proto, type, path, mode for each socket",
	    "the sockets that answer requests", NULL },
	{ "ctl.connections", ctl_connections, NULL, RPC_ROLE_READ,
	    "connections, max, max_per_uid, accepted, refused, requests, "
	    "queued, max_queued",
	    "how many connections there are, and may be",
	    "accepted, refused and requests count since the start; queued are "
	    "bytes of replies that wait for their clients." },
	{ "ctl.who", ctl_who, NULL, RPC_ROLE_READ,
	    "a struct pid, uid, gid, role, since, idle, requests, running, "
	    "bytes_in, bytes_out, queued for each connection",
	    "who is connected, since when, and what has been asked",
	    "The oldest connection comes first; the one that asks is among "
	    "them. idle is in seconds." },
	{ NULL },
};
