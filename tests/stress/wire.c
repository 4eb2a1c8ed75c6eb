/* SPDX-License-Identifier: ISC */
/* wire.c - a connection of bytes, for clients that do not behave. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/stress/wire.h"

#define PATIENCE 6 /* a busy machine takes so much longer than it should */

void wire_deadline(unsigned seconds)
{
	const char *slow = getenv("KMEM_SLOW");
	int factor = slow != NULL ? atoi(slow) : 1;

	alarm(PATIENCE * seconds * (unsigned)(factor > 1 ? factor : 1));
}

void wire_open(struct wire *w, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	w->len = 0;
	w->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (w->fd < 0 ||
	    connect(w->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror(path);
		exit(1);
	}
}

void wire_close(struct wire *w)
{
	close(w->fd);
	w->fd = -1;
}

/* False: closed by the server, or nothing there and not to wait. */
static bool hear(struct wire *w, int flags)
{
	ssize_t n;

	if (w->len == WIRE_HEARD) {
		w->len = WIRE_HEARD / 2;
		memmove(w->heard, w->heard + WIRE_HEARD / 2, w->len);
	}
	do
		n = recv(w->fd, w->heard + w->len, WIRE_HEARD - w->len, flags);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		w->len += (size_t)n;
	return n > 0;
}

bool wire_send(struct wire *w, const char *bytes, size_t len)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN | POLLOUT };

	while (len > 0) {
		ssize_t n =
		    send(w->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
		if (poll(&p, 1, -1) == 1 && (p.revents & POLLIN) &&
		    !hear(w, MSG_DONTWAIT))
			return false;
	}
	return true;
}

bool wire_say(struct wire *w, const char *text)
{
	return wire_send(w, text, strlen(text));
}

bool wire_flood(struct wire *w, char byte, size_t len)
{
	char bytes[8192];

	memset(bytes, byte, sizeof(bytes));
	while (len > 0) {
		size_t n = len < sizeof(bytes) ? len : sizeof(bytes);

		if (!wire_send(w, bytes, n))
			return false;
		len -= n;
	}
	return true;
}

bool wire_hears(struct wire *w, const char *text)
{
	while (memmem(w->heard, w->len, text, strlen(text)) == NULL)
		if (!hear(w, 0))
			return false;
	return true;
}

void wire_drain(struct wire *w)
{
	do
		w->len = 0;
	while (hear(w, 0));
}
