/* SPDX-License-Identifier: ISC */
/* handed.c - the chunk's descriptor, kept for us while we were not there. */
#include "config.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/chunk.h"
#include "daemon/handed.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */
#define OURS	 "KMEMD_CHUNK"
#define FDS_MAX	 1024

static struct {
	int fd; /* -1: none */
	bool by_ourselves;
} handed = { .fd = -1 };

static long number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long n;

	if (text == NULL || *text == '\0')
		return -1;
	n = strtol(text, &end, 10);
	return *end == '\0' ? n : -1;
}

/* Which of the names, separated by colons, is ours; -1: none. */
static int find_name(const char *names)
{
	int i = 0;

	for (const char *at = names; at != NULL; i++) {
		size_t len = strcspn(at, ":");

		if (len == strlen(CHUNK_NAME) &&
		    memcmp(at, CHUNK_NAME, len) == 0)
			return i;
		at = at[len] == ':' ? at + len + 1 : NULL;
	}
	return -1;
}

static int from_service_manager(void)
{
	const char *names = getenv("LISTEN_FDNAMES");
	long n = number("LISTEN_FDS");
	int i;

	if (number("LISTEN_PID") != (long)getpid() || n <= 0 || n > FDS_MAX)
		return -1;
	for (int fd = FIRST_FD; fd < FIRST_FD + n; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	i = find_name(names);
	return i >= 0 && i < n ? FIRST_FD + i : -1;
}

void handed_init(void)
{
	long fd = number(OURS);

	handed.by_ourselves =
	    fd >= FIRST_FD && fcntl((int)fd, F_SETFD, FD_CLOEXEC) == 0;
	handed.fd = handed.by_ourselves ? (int)fd : from_service_manager();
	unsetenv(OURS);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

int handed_take(void)
{
	int fd = handed.fd;

	handed.fd = -1;
	return fd;
}

bool handed_by_ourselves(void)
{
	return handed.by_ourselves;
}

int handed_leave(int fd)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", fd);
	if (fcntl(fd, F_SETFD, 0) != 0 || setenv(OURS, text, 1) != 0)
		return -KM_ESYS;
	return 0;
}

/* ---- sd_notify(3) ------------------------------------------------------- */

/* Returns 0, or -1: errno says why, 0: there is no service manager. */
static int notify(const char *text, int fd)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
			  .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };
	struct msghdr msg = { .msg_name = &to,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	int sock, rc;

	if (path == NULL || strlen(path) >= sizeof(to.sun_path))
		return 0;
	memcpy(to.sun_path, path, strlen(path));
	msg.msg_namelen =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -1;
	rc = sendmsg(sock, &msg, MSG_NOSIGNAL) >= 0 ? 0 : -1;
	close(sock);
	return rc;
}

void handed_store(int fd)
{
	if (notify("FDSTORE=1\nFDNAME=" CHUNK_NAME, fd) != 0)
		LM_WARN("cannot give the chunk to the service manager to keep: "
			"%m");
}
