/* SPDX-License-Identifier: ISC */
/* server.c - the server as a whole: start, time-outs, drain, end. */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/err.h"
#include "base/log.h"
#include "rpc/conn.h"
#include "rpc/limits.h"

#define TICKS	      8 /* looks at a connection within its shortest limit */
#define TICK_LEAST_MS 10
#define TICK_MOST_MS  1000

static unsigned choose_tick(const struct rpc_limits *l)
{
	unsigned least =
	    l->idle_ms < l->partial_ms ? l->idle_ms : l->partial_ms;
	unsigned ms = least / TICKS;

	if (ms < TICK_LEAST_MS)
		return TICK_LEAST_MS;
	return ms < TICK_MOST_MS ? ms : TICK_MOST_MS;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct rpc_server *s = arg;
	uint64_t now = conn_now_ms();
	struct rpc_conn *c, *next;

	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		conn_check_time(c, now);
	}
	if (s->count == 0)
		event_del(s->tick);
}

/* evbuffer_write() has no MSG_NOSIGNAL. */
static void ignore_sigpipe(void)
{
	struct sigaction sa;

	if (sigaction(SIGPIPE, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

int rpc_server_new(
    int fd, const struct rpc_server_options *opt, struct rpc_server **server)
{
	struct rpc_server *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		close(fd);
		return -KM_ENOMEM;
	}
	s->base = opt->base;
	s->tables = opt->tables;
	s->role = opt->role;
	s->context = opt->context;
	s->fd = fd;
	TAILQ_INIT(&s->conns);
	limits_fill(&s->limits, opt->limits);
	s->tick_ms = choose_tick(&s->limits);
	ignore_sigpipe();
	evutil_make_socket_nonblocking(fd);
	s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
	if (s->tick == NULL || accept_start(s) < 0) {
		rpc_server_free(&s);
		return -KM_ENOMEM;
	}
	*server = s;
	return 0;
}

void rpc_server_drain(struct rpc_server *s)
{
	struct rpc_conn *c, *next;

	s->draining = true;
	accept_stop(s);
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		conn_drain(c);
	}
}

bool rpc_server_is_idle(const struct rpc_server *s)
{
	const struct rpc_conn *c;

	TAILQ_FOREACH(c, &s->conns, link)
	if (c->pumping || !conn_is_quiet(c))
		return false;
	return true;
}

void rpc_server_free(struct rpc_server **server)
{
	struct rpc_server *s = *server;

	if (s == NULL)
		return;
	*server = NULL;
	accept_stop(s);
	while (!TAILQ_EMPTY(&s->conns))
		conn_free(TAILQ_FIRST(&s->conns));
	if (s->tick != NULL)
		event_free(s->tick);
	free(s);
}

void rpc_server_forget(struct rpc_server **server)
{
	struct rpc_server *s = *server;

	if (s == NULL)
		return;
	*server = NULL;
	accept_stop(s);
	while (!TAILQ_EMPTY(&s->conns))
		conn_forget(TAILQ_FIRST(&s->conns));
	event_free(s->tick);
	free(s);
}
