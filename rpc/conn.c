/* SPDX-License-Identifier: ISC */
/* conn.c - moves bytes between a socket and its session. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "base/err.h"
#include "base/log.h"
#include "rpc/conn.h"
#include "rpc/limits.h"
#include "rpc/session.h"

#define TURN	   64 /* requests of one client before the next's turn */
#define INPUT_MOST (64 * 1024) /* bytes read ahead of the session */

uint64_t conn_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static struct evbuffer *input_of(const struct rpc_conn *c)
{
	return bufferevent_get_input(c->bev);
}

size_t conn_queued(const struct rpc_conn *c)
{
	if (c->gone)
		return 0; /* what is left will be taken by nobody */
	return evbuffer_get_length(c->ready) +
	       evbuffer_get_length(bufferevent_get_output(c->bev));
}

static size_t queued(void *arg)
{
	return conn_queued(arg);
}

/* Runs within handlers: only keeps the reply, see flush(). */
static void on_output(void *arg, const char *text, size_t len)
{
	struct rpc_conn *c = arg;

	if (c->gone)
		return;
	c->made += len;
	if (evbuffer_add(c->ready, text, len) < 0)
		LM_ERR("rpc: a reply is lost: out of memory");
}

/* A deferred call has ended: flush and go on, from the event loop. */
static void on_ended(void *arg)
{
	struct rpc_conn *c = arg;

	bufferevent_trigger(c->bev, EV_READ,
	    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

/* Replies go straight to the socket when nothing waits before them. */
static void flush(struct rpc_conn *c)
{
	int n;

	if (evbuffer_get_length(c->ready) > 0 && !c->gone &&
	    evbuffer_get_length(bufferevent_get_output(c->bev)) == 0) {
		n = evbuffer_write(c->ready, c->fd);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			c->gone = true;
	}
	if (c->gone)
		evbuffer_drain(c->ready, evbuffer_get_length(c->ready));
	else if (evbuffer_get_length(c->ready) > 0)
		bufferevent_write_buffer(c->bev, c->ready);
}

/*
 * Whether there is room for a reply of the size of a share at least. There is
 * when this client has taken all others: then it is never held up by those who
 * do not read.
 */
static bool has_room(const struct rpc_conn *c, size_t own)
{
	const struct rpc_limits *l = &c->server->limits;

	return limits_room(l, c->server->output,
		   own + session_held(c->session)) >= limits_share(l);
}

/* Whether one more request may be looked at: the back-pressure. */
static bool may_take(const struct rpc_conn *c)
{
	const struct rpc_limits *l = &c->server->limits;
	size_t own = conn_queued(c);

	return !c->server->draining && session_running(c->session) < l->batch &&
	       own <= l->output_queue && has_room(c, own);
}

/*
 * Read no further than INPUT_MOST ahead. The watermark alone would have a
 * bufferevent that is triggered call itself again and again, as long as it is
 * reached, and the loop never come to rest.
 */
static void regulate(struct rpc_conn *c)
{
	if (c->eof || c->server->draining)
		return;
	if (evbuffer_get_length(input_of(c)) >= INPUT_MOST)
		bufferevent_disable(c->bev, EV_READ);
	else
		bufferevent_enable(c->bev, EV_READ);
}

static void note_partial(struct rpc_conn *c)
{
	if (!session_is_partial(c->session))
		c->partial_ms = 0;
	else if (c->partial_ms == 0)
		c->partial_ms = conn_now_ms();
}

static void feed(struct rpc_conn *c)
{
	struct evbuffer *input = input_of(c);
	struct evbuffer_iovec bytes;
	size_t used;

	if (evbuffer_peek(input, -1, NULL, &bytes, 1) < 1)
		return;
	used = session_feed(c->session, bytes.iov_base, bytes.iov_len);
	evbuffer_drain(input, used);
	c->read += used;
	note_partial(c);
}

/* Whether nothing is left to be done for this client. */
static bool is_finished(const struct rpc_conn *c)
{
	bool more = evbuffer_get_length(input_of(c)) > 0 && may_take(c);

	if (c->gone)
		return c->eof && !more;
	return (c->ended || c->server->draining) && conn_is_quiet(c);
}

/* Take requests for one turn, send what they gave; may free the connection. */
static void pump(struct rpc_conn *c)
{
	struct evbuffer *input = input_of(c);
	unsigned left = TURN;

	c->pumping = true;
	while (evbuffer_get_length(input) > 0 && may_take(c) && left > 0) {
		feed(c);
		left--;
		/* What it has asked for, nobody will take. */
		if (c->gone)
			session_cancel(c->session);
	}
	regulate(c);
	if (c->eof && !c->ended && evbuffer_get_length(input) == 0) {
		session_end(c->session);
		c->ended = true;
	}
	c->pumping = false;
	flush(c);
	if (is_finished(c))
		conn_free(c);
	else if (evbuffer_get_length(input) > 0 && may_take(c))
		on_ended(c);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct rpc_conn *c = arg;

	c->heard_ms = conn_now_ms();
	pump(c);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	pump(arg);
}

/*
 * A client that has only shut down its sending side still reads its answers;
 * one that has closed the socket does not.
 */
static bool has_hung_up(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct rpc_conn *c = arg;

	/* What was sent before a failed write is still there to be read. */
	if (what & BEV_EVENT_READING)
		c->eof = true;
	if ((what & BEV_EVENT_ERROR) || has_hung_up(c->fd)) {
		c->gone = true;
		bufferevent_disable(bev, EV_WRITE);
	}
	pump(c);
}

static int open_session(struct rpc_conn *c)
{
	struct rpc_server *server = c->server;
	struct rpc_session_options opt = {
		.tables = server->tables,
		.limits = &server->limits,
		.role = c->role,
		.peer = c->peer,
		.context = server->context,
		.connection = c,
		.output = on_output,
		.queued = queued,
		.total = &server->output,
		.ended = on_ended,
		.arg = c,
	};

	return session_new(&opt, &c->session);
}

/* Each byte is counted while it is in one of the connection's buffers. */
static void on_change(
    struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct rpc_server *server = arg;

	server->output += info->n_added - info->n_deleted;
}

static int count_output(struct rpc_conn *c)
{
	struct evbuffer *output = bufferevent_get_output(c->bev);

	if (evbuffer_add_cb(c->ready, on_change, c->server) == NULL ||
	    evbuffer_add_cb(output, on_change, c->server) == NULL)
		return -KM_ENOMEM;
	return 0;
}

static int open_buffers(struct rpc_conn *c)
{
	struct rpc_server *server = c->server;

	c->ready = evbuffer_new();
	c->bev = bufferevent_socket_new(server->base, c->fd, 0);
	if (c->ready == NULL || c->bev == NULL || count_output(c) < 0)
		return -KM_ENOMEM;
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, INPUT_MOST);
	bufferevent_setwatermark(
	    c->bev, EV_WRITE, server->limits.output_queue / 2, 0);
	if (bufferevent_enable(c->bev, EV_READ) < 0)
		return -KM_ENOMEM;
	return 0;
}

/*
 * One whose requests wait is not read, so its end would not be seen until they
 * have all been answered.
 */
static bool has_left(struct rpc_conn *c)
{
	if (c->gone || conn_is_quiet(c) || !has_hung_up(c->fd))
		return false;
	c->gone = true;
	bufferevent_disable(c->bev, EV_WRITE);
	session_cancel(c->session);
	return true;
}

/*
 * Out of the event loop first, then closed. A bufferevent with a callback that
 * is still to come keeps its events when it is freed, and the next connection
 * would have their descriptor.
 */
static void release(struct rpc_conn *c)
{
	if (c->bev != NULL) {
		c->server->output -=
		    evbuffer_get_length(bufferevent_get_output(c->bev));
		bufferevent_disable(c->bev, EV_READ | EV_WRITE);
		bufferevent_free(c->bev);
	}
	if (c->ready != NULL) {
		c->server->output -= evbuffer_get_length(c->ready);
		evbuffer_free(c->ready);
	}
	close(c->fd);
	free(c);
}

int conn_new(struct rpc_server *server, int fd, const struct rpc_peer *peer,
    enum rpc_role role)
{
	struct rpc_conn *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		close(fd);
		return -KM_ENOMEM;
	}
	c->server = server;
	c->fd = fd;
	c->peer = *peer;
	c->since = time(NULL);
	c->role = role;
	c->heard_ms = c->taken_ms = conn_now_ms();
	if (open_session(c) < 0)
		goto out;
	if (open_buffers(c) < 0) {
		session_free(&c->session);
		goto out;
	}
	TAILQ_INSERT_TAIL(&server->conns, c, link);
	server->count++;
	server->accepted++;
	return 0;
out:
	release(c);
	return -KM_ENOMEM;
}

void conn_free(struct rpc_conn *c)
{
	TAILQ_REMOVE(&c->server->conns, c, link);
	c->server->count--;
	c->server->requests += session_requests(c->session);
	c->gone = true;
	session_free(&c->session);
	release(c);
}

void conn_forget(struct rpc_conn *c)
{
	TAILQ_REMOVE(&c->server->conns, c, link);
	session_forget(&c->session);
	release(c);
}

bool conn_is_unused(const struct rpc_conn *c)
{
	int unread = 0;

	return session_completed(c->session) == 0 && conn_is_quiet(c) &&
	       !session_is_partial(c->session) &&
	       evbuffer_get_length(input_of(c)) == 0 &&
	       ioctl(c->fd, FIONREAD, &unread) == 0 && unread == 0;
}

bool conn_is_quiet(const struct rpc_conn *c)
{
	return session_running(c->session) == 0 && conn_queued(c) == 0;
}

void conn_close_for(struct rpc_conn *c, const char *limit, const char *message)
{
	session_complain(c->session, limit, message);
	flush(c);
	conn_free(c);
}

/* Whether the client has left replies untaken for too long. */
static bool is_stuck(struct rpc_conn *c, uint64_t now)
{
	size_t waiting = conn_queued(c);
	uint64_t taken = c->made - waiting;

	if (waiting == 0 || taken != c->taken) {
		c->taken = taken;
		c->taken_ms = now;
	}
	return now - c->taken_ms >= c->server->limits.partial_ms;
}

void conn_check_time(struct rpc_conn *c, uint64_t now)
{
	const struct rpc_limits *l = &c->server->limits;

	if (has_left(c)) {
		pump(c);
		return;
	}
	if (is_stuck(c, now)) {
		LM_NOTICE("rpc: pid %d (uid %u) does not read its replies: "
			  "closed",
		    (int)c->peer.pid, (unsigned)c->peer.uid);
		conn_free(c);
		return;
	}
	/* Time counts only while it is the client's turn. */
	if (!conn_is_quiet(c))
		c->heard_ms = now;
	if (!may_take(c) && c->partial_ms != 0)
		c->partial_ms = now;
	if (c->partial_ms != 0 && now - c->partial_ms >= l->partial_ms)
		conn_close_for(c, "rpc_partial_ms",
		    "Closed: a request was not completed in time");
	else if (now - c->heard_ms >= l->idle_ms)
		conn_close_for(
		    c, "rpc_idle_ms", "Closed: no request for too long");
}

void conn_drain(struct rpc_conn *c)
{
	bufferevent_disable(c->bev, EV_READ);
	if (!c->pumping && is_finished(c))
		conn_free(c);
}
