/* SPDX-License-Identifier: ISC */
/* late_connect.c - who finds nobody listening hears of it late. */
/*
 * Linked into a program, its connect() comes before libc's. Where LATE_CONNECT
 * names a file, the first one that fails there makes it, and returns when
 * somebody has removed it: what happens meanwhile is between two steps.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	static int is_over;
	const char *path = getenv("LATE_CONNECT");
	int rc = (int)syscall(SYS_connect, fd, addr, len), saved = errno;

	if (rc < 0 && path != NULL && !is_over) {
		is_over = 1;
		close(creat(path, 0600));
		while (access(path, F_OK) == 0)
			poll(NULL, 0, 1);
	}
	errno = saved;
	return rc;
}
