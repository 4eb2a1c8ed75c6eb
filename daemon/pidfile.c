/* SPDX-License-Identifier: ISC */
/* pidfile.c - a file with our pid and a lock. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/pidfile.h"

#define PIDFILE_MODE 0644

static struct {
	char *path; /* NULL: none is open */
	int fd;
	pid_t owner;
} held = { .fd = -1 };

/* Who has the lock; by the file's content when the kernel cannot say (0). */
static pid_t find_holder(int fd, pid_t from_lock)
{
	char text[32];
	ssize_t n;

	if (from_lock > 0)
		return from_lock;
	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}

/* Returns 0; -KM_EBUSY or -KM_ESYS, logged. */
static int lock(int fd, const char *path)
{
	struct flock want = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct flock other = want;

	if (fcntl(fd, F_SETLK, &want) == 0)
		return 0;
	if (errno != EACCES && errno != EAGAIN) {
		LM_ERR("pidfile %s: cannot lock: %m", path);
		return -KM_ESYS;
	}
	if (fcntl(fd, F_GETLK, &other) != 0 || other.l_type == F_UNLCK)
		other.l_pid = 0;
	LM_ERR("kmemd runs already, as process %d, which holds the pidfile %s: "
	       "stop it, or give this one another pidfile and rpc_socket",
	    (int)find_holder(fd, other.l_pid), path);
	return -KM_EBUSY;
}

/* The last holder may have removed the file that we have just locked. */
static bool is_still_at(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* Open and lock what is at path for good. Returns 0 and *fd; logged. */
static int open_locked(const char *path, int *fd)
{
	for (;;) {
		int rc;

		*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		    PIDFILE_MODE);
		if (*fd < 0) {
			LM_ERR("pidfile %s: cannot create: %m", path);
			return -KM_ESYS;
		}
		rc = lock(*fd, path);
		if (rc == 0 && is_still_at(*fd, path))
			return 0;
		close(*fd);
		if (rc < 0)
			return rc;
	}
}

static int write_pid(int fd, const char *path, uid_t uid, gid_t gid)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
		LM_ERR("pidfile %s: cannot write: %m", path);
		return -KM_ESYS;
	}
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(fd, uid, gid) != 0)
		LM_WARN("pidfile %s: cannot change its owner: %m", path);
	return 0;
}

int pidfile_open(const char *path, uid_t uid, gid_t gid)
{
	int fd, rc;

	if (*path == '\0')
		return 0;
	rc = open_locked(path, &fd);
	if (rc < 0)
		return rc;
	rc = write_pid(fd, path, uid, gid);
	if (rc == 0) {
		held.path = strdup(path);
		rc = held.path != NULL ? 0 : -KM_ENOMEM;
	}
	if (rc < 0) {
		unlink(path);
		close(fd);
		return rc;
	}
	held.fd = fd;
	held.owner = getpid();
	return 0;
}

void pidfile_close(void)
{
	if (held.path == NULL)
		return;
	/* Without the right to remove it, an empty one tells no lies. */
	if (held.owner == getpid() && is_still_at(held.fd, held.path) &&
	    unlink(held.path) != 0 && ftruncate(held.fd, 0) != 0)
		LM_WARN("pidfile %s: cannot remove: %m", held.path);
	close(held.fd);
	free(held.path);
	held.path = NULL;
	held.fd = -1;
}
