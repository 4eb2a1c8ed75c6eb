/* SPDX-License-Identifier: ISC */
/* attach_peer.c - which process is at the other end of an attach socket. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/attach_peer.h"
#include "mem/slot.h"

/* Of Linux 6.5; older headers do not have it. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define FLAG_EXITING 0x4 /* PF_EXITING, field 9 of /proc/PID/stat */

/*
 * The second way is not safe from a pid that has been given to another process
 * meanwhile: the start time that HELLO has is compared for that.
 */
int attach_peer_open(int sock, pid_t pid, uid_t uid, struct attach_peer *peer)
{
	socklen_t len = sizeof(peer->pidfd);

	*peer = (struct attach_peer){ .pid = pid, .uid = uid, .pidfd = -1 };
	if (getsockopt(sock, SOL_SOCKET, SO_PEERPIDFD, &peer->pidfd, &len) != 0)
		peer->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (peer->pidfd >= 0)
		return 0;
	peer->pidfd = -1;
	return errno == ESRCH ? -KM_ECLOSED : -KM_ESYS;
}

void attach_peer_close(struct attach_peer *peer)
{
	if (peer->pidfd >= 0)
		close(peer->pidfd);
	peer->pidfd = -1;
}

bool attach_peer_is_dead(const struct attach_peer *peer)
{
	struct pollfd poll_fd = { .fd = peer->pidfd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1;
}

bool attach_peer_is_exiting(const struct attach_peer *peer)
{
	uint64_t flags = 0;

	return !slot_process_field((int32_t)peer->pid, 9, &flags) ||
	       (flags & FLAG_EXITING) != 0;
}

bool attach_peer_has_memory(const struct attach_peer *peer, int fd)
{
	char path[64];
	struct statx got;
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)peer->pid);
	return flags != -1 && (flags & O_ACCMODE) == O_RDONLY &&
	       (flags & O_PATH) == 0 &&
	       statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO,
		   &got) == 0 &&
	       stat(path, &st) == 0 && got.stx_ino == st.st_ino &&
	       makedev(got.stx_dev_major, got.stx_dev_minor) == st.st_dev;
}

bool attach_memory_is_gone(int fd, uint64_t addr)
{
	char byte;

	return pread(fd, &byte, 1, (off_t)addr) == 0;
}
