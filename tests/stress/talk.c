/* SPDX-License-Identifier: ISC */
/* talk.c - a raw client of the RPC socket, and what /proc says of its server.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/stress/talk.h"

#define CHUNK ((size_t)64 * 1024) /* bytes received at a time */

double talk_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

long talk_number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (n >= 1 && *end == '\0')
		return n;
	fprintf(stderr, "not a number: %s\n", text);
	exit(2);
}

int talk_open(struct talk *t, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	*t = (struct talk){ .fd = -1 };
	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, path, strlen(path));
	t->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (t->fd < 0)
		return -1;
	if (connect(t->fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return 0;
	talk_close(t);
	return -1;
}

void talk_close(struct talk *t)
{
	int saved = errno;

	if (t->fd >= 0)
		close(t->fd);
	free(t->buf);
	*t = (struct talk){ .fd = -1 };
	errno = saved;
}

/* Poll for what is left of the time. Returns what can be done, or 0. */
static short ready(const struct talk *t, short events, double until)
{
	struct pollfd p = { .fd = t->fd, .events = events };
	double left = until - talk_now_ms();

	if (poll(&p, 1, left > 0 ? (int)left + 1 : 0) <= 0)
		return 0;
	return p.revents;
}

int talk_send(struct talk *t, const char *bytes, size_t len, int timeout_ms)
{
	double until = talk_now_ms() + timeout_ms;

	while (len > 0) {
		ssize_t n;

		if (ready(t, POLLOUT, until) == 0)
			return -1;
		n = send(t->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			return -1;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Room for a chunk behind what is there. */
static void make_room(struct talk *t)
{
	if (t->from > 0)
		memmove(t->buf, t->buf + t->from, t->len - t->from);
	t->len -= t->from;
	t->from = 0;
	if (t->size - t->len >= CHUNK)
		return;
	t->size = t->size * 2 + CHUNK;
	t->buf = realloc(t->buf, t->size);
	if (t->buf == NULL) {
		perror("realloc");
		exit(2);
	}
}

const char *talk_line(struct talk *t, int timeout_ms)
{
	double until = talk_now_ms() + timeout_ms;
	char *end = NULL, *line;
	ssize_t n;

	for (;;) {
		if (t->len > t->from)
			end = memchr(t->buf + t->from, '\n', t->len - t->from);
		if (end != NULL)
			break;
		make_room(t);
		if (!(ready(t, POLLIN, until) & POLLIN))
			return NULL;
		n = recv(t->fd, t->buf + t->len, CHUNK, MSG_DONTWAIT);
		if (n <= 0)
			return NULL;
		t->len += (size_t)n;
	}
	*end = '\0';
	line = t->buf + t->from;
	t->from += (size_t)(end - line) + 1;
	return line;
}

const char *talk_ask(struct talk *t, const char *line, int timeout_ms)
{
	size_t len = strlen(line);

	if (send(t->fd, line, len, MSG_NOSIGNAL) != (ssize_t)len)
		return NULL;
	return talk_line(t, timeout_ms);
}

long talk_status_kb(pid_t pid, const char *field)
{
	char path[64], line[256];
	size_t len = strlen(field);
	long kb = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return -1;
	while (kb < 0 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, field, len) == 0 && line[len] == ':')
			kb = strtol(line + len + 1, NULL, 10);
	fclose(f);
	return kb;
}

long talk_descriptors(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	long n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}
