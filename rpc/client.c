/* SPDX-License-Identifier: ISC */
/* client.c - sends one call and waits for its reply. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <json-c/printbuf.h>

#include "base/err.h"
#include "rpc/client.h"
#include "rpc/envelope.h"

#define CHUNK	   (64 * 1024) /* bytes asked for at a time */
#define DEPTH_MOST 2048	       /* nesting of a reply */

struct rpc_client {
	int fd;
	int wake_fd; /* -1: none */
	int timeout_ms;
	int64_t id;
	char *buf; /* bytes received: lines, the first at from */
	size_t from, len, size;
};

/* The moment at which a call has taken too long; -1: never. */
static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t deadline_of(const struct rpc_client *c)
{
	return c->timeout_ms < 0 ? -1 : now_ms() + c->timeout_ms;
}

static int wait_for(const struct rpc_client *c, short events, int64_t deadline)
{
	struct pollfd p[] = {
		{ .fd = c->fd, .events = events },
		{ .fd = c->wake_fd, .events = POLLIN },
	};
	int64_t left;
	int n;

	do {
		left = deadline < 0 ? -1 : deadline - now_ms();
		if (deadline >= 0 && left < 0)
			left = 0;
		n = poll(p, 2, (int)left);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -KM_ESYS;
	if (p[1].revents != 0)
		return -KM_EINTERRUPTED;
	return n == 0 ? -KM_ETIMEOUT : 0;
}

/* A UNIX socket's connect() waits for room in the backlog, as a send does. */
static int connect_to(struct rpc_client *c, const struct sockaddr_un *addr)
{
	struct timeval tv = { c->timeout_ms / 1000,
		(c->timeout_ms % 1000) * 1000 };
	int rc;

	if (c->timeout_ms == 0)
		tv.tv_usec = 1; /* 0 would mean: without limit */
	if (c->timeout_ms >= 0)
		setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	do
		rc = connect(
		    c->fd, (const struct sockaddr *)addr, sizeof(*addr));
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return errno == EAGAIN ? -KM_ETIMEOUT : -KM_ESYS;
	return 0;
}

static int open_socket(struct rpc_client *c, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -KM_ESYS;
	}
	memcpy(addr.sun_path, path, strlen(path));
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -KM_ESYS;
	return connect_to(c, &addr);
}

int rpc_client_open(
    const char *path, int timeout_ms, struct rpc_client **client)
{
	struct rpc_client *c = calloc(1, sizeof(*c));
	int rc, saved;

	if (c == NULL)
		return -KM_ENOMEM;
	c->fd = -1;
	c->wake_fd = -1;
	c->timeout_ms = timeout_ms;
	rc = open_socket(c, path);
	if (rc < 0) {
		saved = errno;
		rpc_client_close(&c);
		errno = saved;
		return rc;
	}
	*client = c;
	return 0;
}

void rpc_client_set_wake(struct rpc_client *c, int fd)
{
	c->wake_fd = fd;
}

bool rpc_client_is_open(const struct rpc_client *c)
{
	char byte;

	return c->from == c->len &&
	       recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       errno == EAGAIN;
}

void rpc_client_close(struct rpc_client **client)
{
	struct rpc_client *c = *client;

	if (c == NULL)
		return;
	*client = NULL;
	if (c->fd >= 0)
		close(c->fd);
	free(c->buf);
	free(c);
}

static int send_all(
    struct rpc_client *c, const char *text, size_t len, int64_t deadline)
{
	ssize_t n;
	int rc;

	while (len > 0) {
		n = send(c->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			rc = wait_for(c, POLLOUT, deadline);
			if (rc < 0)
				return rc;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			return -KM_ECLOSED;
		} else if (errno != EINTR) {
			return -KM_ESYS;
		}
	}
	return 0;
}

static int send_call(struct rpc_client *c, const char *method,
    struct json_object *params, int64_t deadline)
{
	struct printbuf *out = printbuf_new();
	int rc = -KM_ENOMEM;

	c->id++;
	if (out != NULL)
		rc = envelope_build_request(out, method, params, c->id);
	if (rc == 0 && printbuf_memappend(out, "\n", 1) < 0)
		rc = -KM_ENOMEM;
	if (rc == 0)
		rc = send_all(c, out->buf, (size_t)out->bpos, deadline);
	if (out != NULL)
		printbuf_free(out);
	return rc;
}

static int make_room(struct rpc_client *c)
{
	char *buf;

	if (c->from > 0) {
		memmove(c->buf, c->buf + c->from, c->len - c->from);
		c->len -= c->from;
		c->from = 0;
	}
	if (c->size - c->len >= CHUNK)
		return 0;
	buf = realloc(c->buf, c->size * 2 + CHUNK);
	if (buf == NULL)
		return -KM_ENOMEM;
	c->buf = buf;
	c->size = c->size * 2 + CHUNK;
	return 0;
}

static int receive(struct rpc_client *c, int64_t deadline)
{
	int rc = make_room(c);
	ssize_t n;

	while (rc == 0) {
		n = recv(
		    c->fd, c->buf + c->len, c->size - c->len, MSG_DONTWAIT);
		if (n > 0) {
			c->len += (size_t)n;
			return 0;
		}
		if (n == 0 || errno == ECONNRESET)
			return -KM_ECLOSED;
		if (errno == EAGAIN)
			rc = wait_for(c, POLLIN, deadline);
		else if (errno != EINTR)
			rc = -KM_ESYS;
	}
	return rc;
}

/* The next line, without its newline; borrowed until the next receive(). */
static int read_line(struct rpc_client *c, int64_t deadline, struct slice *line)
{
	size_t seen = c->from;
	char *end = NULL;
	int rc;

	for (;;) {
		if (c->len > seen)
			end = memchr(c->buf + seen, '\n', c->len - seen);
		if (end != NULL)
			break;
		seen = c->len - c->from; /* receive() moves the line to 0 */
		rc = receive(c, deadline);
		if (rc < 0)
			return rc;
	}
	*line = (struct slice){ c->buf + c->from,
		(size_t)(end - c->buf) - c->from };
	c->from += line->len + 1;
	return 0;
}

static struct json_object *parse(struct slice line)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MOST);
	struct json_object *obj = NULL;

	if (tok != NULL && line.len < INT_MAX)
		obj = json_tokener_parse_ex(tok, line.text, (int)line.len);
	if (tok != NULL)
		json_tokener_free(tok);
	return obj;
}

static bool is_reply(struct json_object *obj)
{
	return json_object_is_type(obj, json_type_object) &&
	       (json_object_object_get_ex(obj, "result", NULL) ||
		   json_object_object_get_ex(obj, "error", NULL));
}

/* An error without an id is about the connection: it answers any call. */
static bool answers(const struct rpc_client *c, struct json_object *reply)
{
	struct json_object *id = NULL;

	json_object_object_get_ex(reply, "id", &id);
	return id == NULL || json_object_get_int64(id) == c->id;
}

static int read_reply(
    struct rpc_client *c, int64_t deadline, struct json_object **reply)
{
	struct json_object *obj = NULL;
	struct slice line;
	int rc;

	do {
		json_object_put(obj);
		rc = read_line(c, deadline, &line);
		if (rc < 0)
			return rc;
		obj = parse(line);
		if (!is_reply(obj)) {
			json_object_put(obj);
			return -KM_EPROTO;
		}
	} while (!answers(c, obj));
	*reply = obj;
	return 0;
}

int rpc_client_call(struct rpc_client *c, const char *method,
    struct json_object *params, struct json_object **reply)
{
	int64_t deadline = deadline_of(c);
	int rc = send_call(c, method, params, deadline);

	json_object_put(params);
	/* Whoever closes before reading has often said why. */
	if (rc == 0 || rc == -KM_ECLOSED)
		rc = read_reply(c, deadline, reply);
	return rc;
}
