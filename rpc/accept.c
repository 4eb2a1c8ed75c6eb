/* SPDX-License-Identifier: ISC */
/* accept.c - who gets in, who is sent away, and what when nothing is left. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <json-c/printbuf.h>

#include "base/err.h"
#include "base/log.h"
#include "rpc/conn.h"
#include "rpc/envelope.h"
#include "rpc/peer.h"

#define TURN	 16    /* connections accepted before others get their turn */
#define PAUSE_MS 200   /* after an accept() that cannot succeed just now */
#define QUIET_MS 10000 /* between two log lines about the same thing */

/* True when a line may be logged now; *dropped were not. */
static bool may_log(struct quiet_log *log, unsigned *dropped)
{
	uint64_t now = conn_now_ms();

	if (now < log->next_ms) {
		log->dropped++;
		return false;
	}
	*dropped = log->dropped;
	log->dropped = 0;
	log->next_ms = now + QUIET_MS;
	return true;
}

/* The one line that a client gets who cannot be served. */
static void send_refusal(int fd, const struct rpc_fault *fault)
{
	struct printbuf *line = printbuf_new();

	if (line == NULL)
		return;
	if (envelope_build_error(line, fault, (struct slice){ NULL, 0 }) == 0 &&
	    printbuf_memappend(line, "\n", 1) >= 0)
		(void)send(fd, line->buf, (size_t)line->bpos,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	printbuf_free(line);
}

static void refuse(struct rpc_server *s, int fd, const struct rpc_peer *peer,
    const struct rpc_fault *fault)
{
	unsigned dropped;

	s->n_refused++;
	if (may_log(&s->refused, &dropped))
		LM_WARN("rpc: pid %d (uid %u): %s; %u more refused before, "
			"unlogged",
		    (int)peer->pid, (unsigned)peer->uid, fault->message,
		    dropped);
	send_refusal(fd, fault);
	close(fd);
}

static void refuse_limit(struct rpc_server *s, int fd,
    const struct rpc_peer *peer, const char *limit, unsigned most)
{
	char message[128];
	const struct rpc_fault fault = { RPC_LIMIT, message, limit,
		"close connections that are not needed, or raise the limit" };

	snprintf(message, sizeof(message),
	    "Refused: %u connections are open, as many as %s allows", most,
	    limit);
	refuse(s, fd, peer, &fault);
}

static void refuse_stranger(
    struct rpc_server *s, int fd, const struct rpc_peer *peer)
{
	char message[128];
	struct peer_remedy remedy;
	const struct rpc_fault fault = { RPC_DENIED, message, remedy.param,
		remedy.hint };

	peer_remedy(peer, RPC_ROLE_READ, &remedy);
	snprintf(message, sizeof(message),
	    "Denied: uid %u (pid %d) has no role", (unsigned)peer->uid,
	    (int)peer->pid);
	refuse(s, fd, peer, &fault);
}

/* The oldest that only takes up room; uid -1: of anybody. */
static struct rpc_conn *find_unused(struct rpc_server *s, uid_t uid)
{
	struct rpc_conn *c;

	TAILQ_FOREACH(c, &s->conns, link)
	if ((uid == (uid_t)-1 || c->peer.uid == uid) && conn_is_unused(c))
		return c;
	return NULL;
}

static bool make_room(struct rpc_server *s, uid_t uid, const char *limit)
{
	struct rpc_conn *c = find_unused(s, uid);

	if (c == NULL)
		return false;
	conn_close_for(
	    c, limit, "Closed: idle and never used, others needed the room");
	return true;
}

static unsigned count_uid(const struct rpc_server *s, uid_t uid)
{
	const struct rpc_conn *c;
	unsigned n = 0;

	TAILQ_FOREACH(c, &s->conns, link)
	n += c->peer.uid == uid;
	return n;
}

static void admit(struct rpc_server *s, int fd, const struct rpc_peer *peer,
    enum rpc_role role)
{
	const struct rpc_limits *l = &s->limits;
	const char *per_uid = "rpc_connections_per_uid";
	const char *in_all = "rpc_connections";

	if (count_uid(s, peer->uid) >= l->connections_per_uid &&
	    !make_room(s, peer->uid, per_uid))
		refuse_limit(s, fd, peer, per_uid, l->connections_per_uid);
	else if (s->count >= l->connections && !make_room(s, (uid_t)-1, in_all))
		refuse_limit(s, fd, peer, in_all, l->connections);
	else if (conn_new(s, fd, peer, role) < 0)
		LM_ERR("rpc: a connection is lost: out of memory");
	else if (s->count == 1)
		event_add(s->tick, &(struct timeval){ s->tick_ms / 1000,
				       (s->tick_ms % 1000) * 1000 });
}

/* A stranger comes first, so that he takes the place of nobody. */
static void receive(struct rpc_server *s, int fd)
{
	enum rpc_role role = RPC_ROLE_ADMIN;
	struct peer peer;

	if (peer_read(fd, &peer) < 0) {
		close(fd);
		return;
	}
	if (s->role != NULL && s->role(&peer.id, &peer.groups, &role) < 0)
		refuse_stranger(s, fd, &peer.id);
	else
		admit(s, fd, &peer.id, role);
	peer_fini(&peer);
}

/*
 * Out of descriptors or memory: the client waits in the backlog. The socket
 * stays readable, so looking at it again at once would spin.
 */
static void pause_accepting(struct rpc_server *s)
{
	unsigned dropped;

	if (may_log(&s->exhausted, &dropped))
		LM_ERR("rpc: cannot accept connections for now: %m: raise the "
		       "limit of open files, or lower rpc_connections");
	event_del(s->acceptable);
	event_add(s->resume, &(struct timeval){ 0, PAUSE_MS * 1000 });
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct rpc_server *s = arg;

	event_add(s->acceptable, NULL);
}

/* Errors of accept4() that concern one connection, not us. */
static bool is_passing(int error)
{
	return error == EINTR || error == ECONNABORTED || error == EPROTO;
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct rpc_server *s = arg;

	for (int i = 0; i < TURN; i++) {
		int sock =
		    accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (sock < 0 && is_passing(errno))
			continue;
		if (sock < 0 && errno != EAGAIN)
			pause_accepting(s);
		if (sock < 0)
			return;
		receive(s, sock);
	}
}

int accept_start(struct rpc_server *s)
{
	s->acceptable =
	    event_new(s->base, s->fd, EV_READ | EV_PERSIST, on_acceptable, s);
	s->resume = event_new(s->base, -1, 0, on_resume, s);
	if (s->acceptable == NULL || s->resume == NULL ||
	    event_add(s->acceptable, NULL) < 0)
		return -KM_ENOMEM;
	return 0;
}

void accept_stop(struct rpc_server *s)
{
	if (s->acceptable != NULL)
		event_free(s->acceptable);
	if (s->resume != NULL)
		event_free(s->resume);
	s->acceptable = NULL;
	s->resume = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
