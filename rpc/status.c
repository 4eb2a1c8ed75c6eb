/* SPDX-License-Identifier: ISC */
/* status.c - what a server can say of itself and of its connections. */
#include "config.h"

#include "rpc/conn.h"
#include "rpc/session.h"
#include "rpc/status.h"

static void fill(const struct rpc_conn *c, struct rpc_conn_status *status)
{
	*status = (struct rpc_conn_status){
		.connection = c,
		.peer = &c->peer,
		.role = c->role,
		.since = c->since,
		.idle_ms = conn_now_ms() - c->heard_ms,
		.running = session_running(c->session),
		.requests = session_requests(c->session),
		.bytes_in = c->read,
		.queued = conn_queued(c),
	};
	status->bytes_out = c->made - status->queued;
}

void rpc_server_visit(const struct rpc_server *s,
    void (*visit)(const struct rpc_conn_status *status, void *arg), void *arg)
{
	struct rpc_conn_status status;
	const struct rpc_conn *c;

	TAILQ_FOREACH(c, &s->conns, link)
	{
		fill(c, &status);
		visit(&status, arg);
	}
}

static void add(const struct rpc_conn_status *status, void *arg)
{
	struct rpc_server_status *sum = arg;

	sum->requests += status->requests;
}

void rpc_server_status(
    const struct rpc_server *s, struct rpc_server_status *status)
{
	*status = (struct rpc_server_status){
		.limits = s->limits,
		.connections = s->count,
		.accepted = s->accepted,
		.refused = s->n_refused,
		.requests = s->requests,
		.queued = s->output,
	};
	rpc_server_visit(s, add, status);
}
