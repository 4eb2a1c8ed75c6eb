/* SPDX-License-Identifier: ISC */
/* listen.c - makes a listening socket file, with its owner and mode. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "rpc/server.h"

#define BACKLOG 511 /* connections: the kernel cuts it to somaxconn */

static int set_address(struct sockaddr_un *addr, const char *path)
{
	size_t len = strlen(path);

	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	if (len == 0 || len >= sizeof(addr->sun_path)) {
		LM_ERR("socket %s: a path of %zu bytes, 1 to %zu are possible: "
		       "choose another one",
		    path, len, sizeof(addr->sun_path) - 1);
		errno = len == 0 ? EINVAL : ENAMETOOLONG;
		return -KM_ESYS;
	}
	memcpy(addr->sun_path, path, len);
	return 0;
}

/* Closes without losing the errno that tells what went wrong. */
static void close_quietly(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

static bool is_zombie(pid_t pid)
{
	char path[32], line[256] = "", *state = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f != NULL) {
		if (fgets(line, sizeof(line), f) != NULL)
			state = strrchr(line, ')'); /* of its name */
		fclose(f);
	}
	return state != NULL && strncmp(state, ") Z", 3) == 0;
}

/* Of one in another pid namespace (0) nothing is known. */
static bool is_dead(pid_t pid)
{
	return pid > 0 &&
	       ((kill(pid, 0) != 0 && errno == ESRCH) || is_zombie(pid));
}

/*
 * Whoever called listen() has died, and a child of his still has the socket: it
 * has been forked just then, and nobody will ever accept.
 */
static bool is_left(int fd)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       is_dead(peer.pid);
}

/*
 * 0: nobody listens there. A full backlog (EAGAIN) is somebody, too; what we
 * may not even try is left alone.
 */
static int check_deserted(int type, const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool left;
	int rc;

	if (fd < 0) {
		LM_ERR("socket %s: socket(): %m", addr->sun_path);
		return -KM_ESYS;
	}
	rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	left = rc == 0 && is_left(fd);
	close_quietly(fd);
	if (left)
		return 0;
	if (rc == 0 || errno == EAGAIN || errno == EPROTOTYPE) {
		LM_ERR("socket %s: another process listens on it: stop it or "
		       "choose another path",
		    addr->sun_path);
		return -KM_EBUSY;
	}
	if (errno == ECONNREFUSED || errno == ENOENT)
		return 0;
	LM_ERR(
	    "socket %s: cannot tell whether it is in use: %m", addr->sun_path);
	return -KM_ESYS;
}

static int remove_stale(int type, const struct sockaddr_un *addr)
{
	struct stat st;
	int rc;

	if (lstat(addr->sun_path, &st) < 0) {
		if (errno == ENOENT)
			return 0;
		LM_ERR("socket %s: %m", addr->sun_path);
		return -KM_ESYS;
	}
	if (!S_ISSOCK(st.st_mode)) {
		LM_ERR("socket %s: there is a file that is no socket: remove "
		       "it or choose another path",
		    addr->sun_path);
		errno = EEXIST;
		return -KM_ESYS;
	}
	rc = check_deserted(type, addr);
	if (rc < 0)
		return rc;
	if (unlink(addr->sun_path) < 0 && errno != ENOENT) {
		LM_ERR("socket %s: cannot remove the stale file: %m",
		    addr->sun_path);
		return -KM_ESYS;
	}
	return 0;
}

/*
 * The file appears with no permission for others and gets its owner and mode
 * before listen(), so nobody can connect who may not.
 */
static int publish(
    int fd, const struct sockaddr_un *addr, mode_t mode, uid_t uid, gid_t gid)
{
	const char *path = addr->sun_path;

	if (fchmod(fd, 0) < 0 ||
	    bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0) {
		LM_ERR("socket %s: cannot create it: %m: make its folder, let "
		       "this user write to it, or choose another path",
		    path);
		return -KM_ESYS;
	}
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) &&
	    lchown(path, uid, gid) < 0)
		LM_ERR("socket %s: cannot give it to uid %d, gid %d: %m", path,
		    (int)uid, (int)gid);
	else if (chmod(path, mode) < 0)
		LM_ERR("socket %s: cannot set mode %04o: %m", path,
		    (unsigned)mode);
	else if (listen(fd, BACKLOG) < 0)
		LM_ERR("socket %s: listen(): %m", path);
	else
		return 0;
	mode = (mode_t)errno;
	unlink(path);
	errno = (int)mode;
	return -KM_ESYS;
}

int rpc_listen_as(
    int type, const char *path, mode_t mode, uid_t uid, gid_t gid, int *fd)
{
	struct sockaddr_un addr;
	int sock, rc;

	rc = set_address(&addr, path);
	if (rc < 0)
		return rc;
	rc = remove_stale(type, &addr);
	if (rc < 0)
		return rc;
	sock = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0) {
		LM_ERR("socket %s: socket(): %m", path);
		return -KM_ESYS;
	}
	rc = publish(sock, &addr, mode, uid, gid);
	if (rc < 0)
		close_quietly(sock);
	else
		*fd = sock;
	return rc;
}

int rpc_listen(const char *path, mode_t mode, uid_t uid, gid_t gid, int *fd)
{
	return rpc_listen_as(SOCK_STREAM, path, mode, uid, gid, fd);
}
