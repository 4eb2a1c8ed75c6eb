/* SPDX-License-Identifier: ISC */
/* rpc_loop.c - serves and asks in turns. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <json-c/json.h>

#include "base/log.h"
#include "rpc/status.h"
#include "rpc_loop.h"
#include "tests/unit/unit.h"

#define WAKE_MS 5

struct rpc_loop loop;

/* --- methods --- */

static void handle_echo(struct rpc_call *call)
{
	rpc_reply(call, json_object_get(rpc_arg_any(call, 0)));
}

static void on_cancel(void *arg)
{
	loop.cancelled++;
}

static void handle_later(struct rpc_call *call)
{
	ck_assert_uint_lt(loop.n_deferred, 16);
	loop.deferred[loop.n_deferred++] = call;
	rpc_call_on_cancel(call, on_cancel, NULL);
}

static void note_queued(void)
{
	struct rpc_server_status status;

	rpc_server_status(loop.server, &status);
	if (loop.most_queued < status.queued)
		loop.most_queued = status.queued;
}

static void handle_large(struct rpc_call *call)
{
	size_t n = (size_t)rpc_arg_int(call, 0);
	char *text = malloc(n + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', n);
	text[n] = '\0';
	loop.n_large++;
	note_queued();
	rpc_reply(call, json_object_new_string(text));
	free(text);
}

static void handle_drain(struct rpc_call *call)
{
	rpc_server_drain(rpc_call_context(call) ? loop.server : NULL);
	rpc_reply(call, json_object_new_string("bye"));
}

static void handle_who(struct rpc_call *call)
{
	const struct rpc_peer *peer = rpc_call_peer(call);
	char text[96];

	ck_assert_ptr_nonnull(rpc_call_connection(call));
	ck_assert_ptr_eq(rpc_call_tables(call), loop_tables);
	ck_assert_str_eq(rpc_call_method(call)->name, "who");
	snprintf(text, sizeof(text), "%d %u %u", (int)peer->pid,
	    (unsigned)peer->uid, (unsigned)peer->gid);
	rpc_reply(call, json_object_new_string(text));
}

static const struct rpc_param value[] = {
	{ "value", RPC_ANY, true, false, "anything" },
	{ NULL },
};
static const struct rpc_param bytes[] = {
	{ "bytes", RPC_INT, false, false, "how many" },
	{ NULL },
};
static const struct rpc_method methods[] = {
	{ "echo", handle_echo, value },
	{ "later", handle_later, NULL },
	{ "large", handle_large, bytes },
	{ "drain", handle_drain, NULL },
	{ "who", handle_who, NULL },
	{ "admin_only", handle_echo, NULL, RPC_ROLE_ADMIN },
	{ NULL },
};
const struct rpc_method *const loop_tables[] = { methods, NULL };

/* --- start and stop --- */

void loop_make_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(loop.dir, sizeof(loop.dir), "%s/kmemd-rpc.XXXXXX",
	    tmp != NULL && strlen(tmp) < 32 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(loop.dir));
	snprintf(loop.path, sizeof(loop.path), "%s/sock", loop.dir);
}

void loop_remove_dir(void)
{
	unlink(loop.path);
	ck_assert_int_eq(rmdir(loop.dir), 0);
}

static void on_log(int level, const char *text)
{
	loop.logged++;
	fprintf(stderr, "log %d: %s\n", level, text);
}

/* As the kernel has told it; then as the test wants it. */
static int role_of(const struct rpc_peer *peer, const struct rpc_groups *groups,
    enum rpc_role *role)
{
	gid_t own[NGROUPS_MAX];
	int n = getgroups(NGROUPS_MAX, own);

	ck_assert_uint_eq(peer->uid, getuid());
	ck_assert_int_eq(groups->count, n);
	ck_assert_mem_eq(groups->id, own, (size_t)n * sizeof(own[0]));
	*role = RPC_ROLE_DUMP;
	return loop.is_stranger ? -1 : 0;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
}

static void start_waking(void)
{
	struct timeval tv = { 0, WAKE_MS * 1000 };

	loop.wake = event_new(loop.base, -1, EV_PERSIST, on_wake, NULL);
	ck_assert_ptr_nonnull(loop.wake);
	event_add(loop.wake, &tv);
}

void loop_start(const struct rpc_limits *limits)
{
	struct rpc_server_options opt = {
		.tables = loop_tables,
		.limits = limits,
		.role = role_of,
		.context = &loop,
	};
	int fd;

	memset(&loop, 0, sizeof(loop));
	km_log_set_writer(on_log);
	loop_make_dir();
	loop.base = event_base_new();
	ck_assert_ptr_nonnull(loop.base);
	start_waking();
	opt.base = loop.base;
	ck_assert_int_eq(
	    rpc_listen(loop.path, 0600, (uid_t)-1, (gid_t)-1, &fd), 0);
	ck_assert_int_eq(rpc_server_new(fd, &opt, &loop.server), 0);
}

void loop_stop(void)
{
	rpc_server_free(&loop.server);
	ck_assert_ptr_null(loop.server);
	event_free(loop.wake);
	event_base_free(loop.base);
	loop_remove_dir();
	km_log_set_writer(NULL);
}

/* --- serving --- */

uint64_t loop_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* One turn of the loop, which takes at most WAKE_MS if nothing happens. */
static void turn(void)
{
	event_base_loop(loop.base, EVLOOP_ONCE);
	loop.turns++;
}

void loop_until(bool (*done)(void *arg), void *arg)
{
	uint64_t deadline = loop_now_ms() + LOOP_DEADLINE_MS;

	while (!done(arg)) {
		if (loop_now_ms() >= deadline)
			ck_abort_msg("not within %d ms; last read: %.200s",
			    LOOP_DEADLINE_MS, loop.text);
		turn();
	}
}

void loop_for(unsigned ms)
{
	uint64_t end = loop_now_ms() + ms;

	while (loop_now_ms() < end)
		turn();
}

/* --- clients --- */

int loop_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	memcpy(addr.sun_path, loop.path, strlen(loop.path));
	ck_assert_int_eq(
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

void loop_send_bytes(int fd, const char *text, size_t len)
{
	uint64_t deadline = loop_now_ms() + LOOP_DEADLINE_MS;

	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n <= 0 && errno != EAGAIN)
			ck_abort_msg("send: %s", strerror(errno));
		if (loop_now_ms() >= deadline)
			ck_abort_msg("the server does not read");
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else {
			turn();
		}
	}
}

void loop_send(int fd, const char *text)
{
	loop_send_bytes(fd, text, strlen(text));
}

struct reading {
	int fd;
	size_t lines;
	bool ended;
};

static bool read_some(void *arg)
{
	struct reading *r = arg;
	ssize_t n;

	while (r->lines > 0 && !r->ended) {
		char *from = loop.text + loop.len;
		size_t room = sizeof(loop.text) - 1 - loop.len;

		must(room > 0);
		n = recv(r->fd, from, room, MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return false;
		r->ended = n <= 0;
		loop.len += n > 0 ? (size_t)n : 0;
		loop.text[loop.len] = '\0';
		for (ssize_t i = 0; i < n; i++)
			if (from[i] == '\n' && r->lines > 0)
				r->lines--;
	}
	return true;
}

const char *loop_read(int fd, size_t lines)
{
	struct reading r = { fd, lines, false };

	loop.len = 0;
	loop.text[0] = '\0';
	loop_until(read_some, &r);
	ck_assert_msg(r.lines == 0, "closed; it said: %.300s", loop.text);
	return loop.text;
}

const char *loop_read_all(int fd)
{
	struct reading r = { fd, SIZE_MAX, false };

	loop.len = 0;
	loop.text[0] = '\0';
	loop_until(read_some, &r);
	return loop.text;
}

const char *loop_ask(int fd, const char *text)
{
	loop_send(fd, text);
	return loop_read(fd, 1);
}

bool loop_is_closed(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}
