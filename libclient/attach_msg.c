/* SPDX-License-Identifier: ISC */
/* attach_msg.c - messages of the attach socket: made, checked, sent, received.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "attach_msg.h"
#include "base/err.h"
#include "mem/pool.h"

static const char *const type_names[] = {
	"?",
	"HELLO",
	"WELCOME",
	"REFUSAL",
	"LEAVE",
};
_Static_assert(sizeof(type_names) / sizeof(type_names[0]) == ATTACH_TYPE__COUNT,
    "a name for each type");

const char *attach_type_name(unsigned type)
{
	return type_names[type < ATTACH_TYPE__COUNT ? type : 0];
}

void attach_msg_init(struct attach_msg *msg, enum attach_type type)
{
	*msg = (struct attach_msg){
		.head = {
			.magic = ATTACH_MAGIC,
			.version = ATTACH_VERSION,
			.type = (uint16_t)type,
			.abi = POOL_ABI,
			.layout_hash = pool_layout_hash(),
		},
	};
}

void attach_msg_refuse(struct attach_msg *msg, int error, const char *why)
{
	attach_msg_init(msg, ATTACH_REFUSAL);
	msg->u.refusal.error = error;
	snprintf(msg->u.refusal.why, sizeof(msg->u.refusal.why), "%s", why);
}

/* ---- checks ------------------------------------------------------------- */

int attach_msg_why(int rc, char why[ATTACH_WHY_SIZE], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, ATTACH_WHY_SIZE, fmt, args);
	va_end(args);
	return rc;
}

static int check_head(const struct attach_head *head, size_t len,
    const struct attach_names *names, char why[ATTACH_WHY_SIZE])
{
	if (len < sizeof(*head))
		return attach_msg_why(-KM_EPROTO, why,
		    "a message of %zu bytes: the shortest has %zu", len,
		    sizeof(*head));
	if (head->magic != ATTACH_MAGIC)
		return attach_msg_why(-KM_EPROTO, why,
		    "no message of libkmem: it does not begin with the magic");
	if (head->version != ATTACH_VERSION)
		return attach_msg_why(-KM_EABI, why,
		    "%s speaks version %u of the attach protocol, %s version "
		    "%u: both must be of one release of kmemd",
		    names->them, head->version, names->us, ATTACH_VERSION);
	if (len != ATTACH_SIZE)
		return attach_msg_why(-KM_EPROTO, why,
		    "a message of %s%zu bytes: all have %d",
		    len > ATTACH_SIZE ? "more than " : "",
		    len > ATTACH_SIZE ? (size_t)ATTACH_SIZE : len, ATTACH_SIZE);
	if (head->type == 0 || head->type >= ATTACH_TYPE__COUNT)
		return attach_msg_why(-KM_EPROTO, why,
		    "a message of the unknown type %u", head->type);
	return 0;
}

static int check_abi(const struct attach_head *head,
    const struct attach_names *names, char why[ATTACH_WHY_SIZE])
{
	if (head->type == ATTACH_REFUSAL ||
	    (head->abi == POOL_ABI && head->layout_hash == pool_layout_hash()))
		return 0;
	return attach_msg_why(-KM_EABI, why,
	    "%s has pools of ABI %u, layout %08x; %s has ABI %u, layout %08x: "
	    "both must be of one release of kmemd",
	    names->them, head->abi, head->layout_hash, names->us, POOL_ABI,
	    pool_layout_hash());
}

static bool is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static int check_hello(
    const struct attach_hello *hello, char why[ATTACH_WHY_SIZE])
{
	if (!is_text(hello->desc, sizeof(hello->desc)) ||
	    hello->desc[0] == '\0')
		return attach_msg_why(
		    -KM_EPROTO, why, "a HELLO without a name");
	if ((hello->flags & ~(uint32_t)ATTACH_FLAG__ALL) != 0)
		return attach_msg_why(-KM_EPROTO, why,
		    "a HELLO with unknown flags %#x", hello->flags);
	if ((hello->flags & ATTACH_SHOWS_PKG) != 0 &&
	    (hello->flags & ATTACH_HAS_PKG) == 0)
		return attach_msg_why(-KM_EPROTO, why,
		    "a HELLO that shows a pkg pool and has none");
	if (hello->pkg_base + hello->pkg_size < hello->pkg_base ||
	    hello->pkg_base + hello->pkg_size > INT64_MAX)
		return attach_msg_why(
		    -KM_EPROTO, why, "a HELLO with a pkg pool at no address");
	return 0;
}

int attach_msg_check(const struct attach_msg *msg, size_t len,
    const struct attach_names *names, char why[ATTACH_WHY_SIZE])
{
	int rc = check_head(&msg->head, len, names, why);

	if (rc == 0)
		rc = check_abi(&msg->head, names, why);
	if (rc != 0)
		return rc;
	if (msg->head.type == ATTACH_HELLO)
		return check_hello(&msg->u.hello, why);
	if (msg->head.type == ATTACH_REFUSAL &&
	    (!is_text(msg->u.refusal.why, sizeof(msg->u.refusal.why)) ||
		msg->u.refusal.error >= 0))
		return attach_msg_why(
		    -KM_EPROTO, why, "a REFUSAL without a reason");
	return 0;
}

/* ---- sockets ------------------------------------------------------------ */

static int socket_error(void)
{
	switch (errno) {
	case EPIPE:
	case ECONNRESET:
		return -KM_ECLOSED;
	case EAGAIN:
		return -KM_EBUSY;
	default:
		return -KM_ESYS;
	}
}

/* Room for descriptors, aligned as the kernel's head of them wants it. */
union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int) * ATTACH_FDS_MAX)];
};

int attach_msg_send(int sock, const struct attach_msg *msg, int fd)
{
	union control control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)msg, sizeof(*msg) };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	ssize_t n;

	if (fd >= 0) {
		hdr.msg_control = control.room;
		hdr.msg_controllen = CMSG_SPACE(sizeof(fd));
		cmsg = CMSG_FIRSTHDR(&hdr);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	do
		n = sendmsg(sock, &hdr, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)sizeof(*msg) ? 0 : socket_error();
}

static void take_fds(struct msghdr *hdr, struct attach_packet *packet)
{
	struct cmsghdr *cmsg;
	size_t n;

	for (cmsg = CMSG_FIRSTHDR(hdr); cmsg != NULL;
	     cmsg = CMSG_NXTHDR(hdr, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		/* The kernel gives no more than there is room for. */
		memcpy(packet->fd, CMSG_DATA(cmsg), n * sizeof(int));
		packet->n_fds = (int)n;
	}
}

int attach_packet_receive(int sock, struct attach_packet *packet)
{
	union control control;
	struct iovec iov = { &packet->msg, sizeof(packet->msg) };
	struct msghdr hdr = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t n;

	*packet = (struct attach_packet){ 0 };
	do
		n = recvmsg(sock, &hdr, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return socket_error();
	take_fds(&hdr, packet);
	packet->len = (size_t)n + ((hdr.msg_flags & MSG_TRUNC) != 0);
	/* The end looks like an empty packet: nobody sends those. */
	if (n == 0)
		attach_packet_close(packet);
	return n == 0 ? -KM_ECLOSED : 0;
}

void attach_packet_close(struct attach_packet *packet)
{
	while (packet->n_fds > 0)
		close(packet->fd[--packet->n_fds]);
}

int attach_packet_take(struct attach_packet *packet)
{
	int fd;

	if (packet->n_fds == 0)
		return -1;
	fd = packet->fd[0];
	memmove(packet->fd, packet->fd + 1,
	    (size_t)--packet->n_fds * sizeof(packet->fd[0]));
	return fd;
}
