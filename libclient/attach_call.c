/* SPDX-License-Identifier: ISC */
/* attach_call.c - connect, HELLO, and what kmemd answers. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach_call.h"
#include "base/err.h"
#include "kmem.h"
#include "mem/segment.h"

#define FD_MIN	3  /* what is printed must not end up in the socket */
#define FD_HIGH 64 /* where the limit lets it */

static _Thread_local char why[ATTACH_WHY_SIZE] = "km_attach() has not failed";

const char *km_attach_why(void)
{
	return why;
}

int attach_fail(int rc, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	return rc;
}

/* ---- connecting --------------------------------------------------------- */

/* Small numbers are chosen by shells and others, who would close it. */
static int move_up(int sock)
{
	int above = fcntl(sock, F_DUPFD_CLOEXEC, FD_HIGH);

	if (above < 0)
		above = fcntl(sock, F_DUPFD_CLOEXEC, FD_MIN);
	close(sock);
	return above;
}

static int open_socket(unsigned timeout_ms)
{
	const struct timeval limit = { timeout_ms / 1000,
		(long)(timeout_ms % 1000) * 1000 };
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (sock >= 0 && sock < FD_HIGH)
		sock = move_up(sock);
	if (sock >= 0) {
		setsockopt(
		    sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		setsockopt(
		    sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	}
	return sock;
}

static int cannot_connect(const char *path)
{
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
		return attach_fail(-KM_ENOENT,
		    "no kmemd listens at %s: start it, or name its "
		    "attach_socket in KMEMD_ATTACH",
		    path);
	case EACCES:
	case EPERM:
		return attach_fail(-KM_EPERM,
		    "uid %u may not connect to %s: the socket's mode is "
		    "kmemd's "
		    "parameter attach_socket_mode",
		    (unsigned)geteuid(), path);
	case EPROTOTYPE:
		return attach_fail(-KM_EPROTO,
		    "%s is no attach socket: kmemd's other one is for kmemctl",
		    path);
	case EAGAIN:
		return attach_fail(-KM_ETIMEOUT,
		    "kmemd at %s takes no connections: it may be stopped",
		    path);
	default:
		return attach_fail(-KM_ESYS, "cannot connect to %s: %m", path);
	}
}

int attach_connect(const char *path, unsigned timeout_ms, int *out)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int sock, rc;

	if (len == 0 || len >= sizeof(addr.sun_path))
		return attach_fail(-KM_EINVAL,
		    "a socket's path has 1 to %zu bytes, not %zu: %s",
		    sizeof(addr.sun_path) - 1, len, path);
	memcpy(addr.sun_path, path, len);
	sock = open_socket(timeout_ms);
	if (sock < 0)
		return attach_fail(-KM_ESYS, "cannot make a socket: %m");
	do
		rc =
		    connect(sock, (const struct sockaddr *)&addr, sizeof(addr));
	while (rc != 0 && errno == EINTR);
	if (rc == 0) {
		*out = sock;
		return 0;
	}
	rc = cannot_connect(path);
	close(sock);
	return rc;
}

/* ---- asking ------------------------------------------------------------- */

static int no_answer(int rc)
{
	switch (rc) {
	case -KM_EBUSY:
		return attach_fail(-KM_ETIMEOUT,
		    "kmemd does not answer in time: it may be stopped");
	case -KM_ECLOSED:
		return attach_fail(-KM_ECLOSED,
		    "kmemd has closed the connection without an answer: its "
		    "log may say why");
	default:
		return attach_fail(-KM_ESYS, "the attach socket fails: %m");
	}
}

static int check_welcome(const struct attach_packet *reply)
{
	const struct attach_welcome *welcome = &reply->msg.u.welcome;
	int n_fds = welcome->backend == SEGMENT_MEMFD ? 1 : 0;

	if (welcome->backend >= SEGMENT_BACKEND__COUNT || reply->n_fds != n_fds)
		return attach_fail(-KM_EPROTO,
		    "kmemd's WELCOME has %d descriptors, backend %u",
		    reply->n_fds, welcome->backend);
	return 0;
}

static int check_reply(const struct attach_packet *reply)
{
	static const struct attach_names names = { "this program", "kmemd" };
	const struct attach_refusal *refusal = &reply->msg.u.refusal;
	char text[ATTACH_WHY_SIZE];
	int rc = attach_msg_check(&reply->msg, reply->len, &names, text);

	if (rc != 0)
		return attach_fail(rc, "%s", text);
	switch (reply->msg.head.type) {
	case ATTACH_WELCOME:
		return check_welcome(reply);
	case ATTACH_REFUSAL:
		return attach_fail(refusal->error, "%s", refusal->why);
	default:
		return attach_fail(-KM_EPROTO, "kmemd answers with a %s",
		    attach_type_name(reply->msg.head.type));
	}
}

int attach_call(int sock, const struct attach_msg *hello, int fd,
    struct attach_packet *reply)
{
	int rc = attach_msg_send(sock, hello, fd);

	/* Closed: there may be a refusal to read all the same. */
	if (rc == 0 || rc == -KM_ECLOSED)
		rc = attach_packet_receive(sock, reply);
	if (rc != 0)
		return no_answer(rc);
	rc = check_reply(reply);
	if (rc != 0)
		attach_packet_close(reply);
	return rc;
}
