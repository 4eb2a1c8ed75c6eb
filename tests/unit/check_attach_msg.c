/* SPDX-License-Identifier: ISC */
/* check_attach_msg.c - messages of the attach socket. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach_msg.h"
#include "base/err.h"
#include "count_fds.h"
#include "tests/unit/unit.h"

static const struct attach_names names = { "kmemd", "the program" };

static struct attach_msg good_hello(void)
{
	struct attach_msg msg;

	attach_msg_init(&msg, ATTACH_HELLO);
	msg.u.hello.pid = (int32_t)getpid();
	snprintf(msg.u.hello.desc, sizeof(msg.u.hello.desc), "test");
	return msg;
}

static void no_magic(struct attach_msg *msg)
{
	msg->head.magic++;
}

static void other_version(struct attach_msg *msg)
{
	msg->head.version = 99;
}

static void no_type(struct attach_msg *msg)
{
	msg->head.type = 0;
}

static void type_too_high(struct attach_msg *msg)
{
	msg->head.type = ATTACH_TYPE__COUNT;
}

static void other_abi(struct attach_msg *msg)
{
	msg->head.abi = 77;
}

static void other_layout(struct attach_msg *msg)
{
	msg->head.layout_hash ^= 1;
}

static void no_name(struct attach_msg *msg)
{
	msg->u.hello.desc[0] = '\0';
}

static void endless_name(struct attach_msg *msg)
{
	memset(msg->u.hello.desc, 'x', sizeof(msg->u.hello.desc));
}

static void unknown_flags(struct attach_msg *msg)
{
	msg->u.hello.flags = 0x100;
}

static void shows_nothing(struct attach_msg *msg)
{
	msg->u.hello.flags = ATTACH_SHOWS_PKG;
}

static void pool_beyond_memory(struct attach_msg *msg)
{
	msg->u.hello.pkg_base = UINT64_MAX - 10;
	msg->u.hello.pkg_size = 20;
}

static void endless_reason(struct attach_msg *msg)
{
	msg->head.type = ATTACH_REFUSAL;
	msg->u.refusal.error = -KM_EPERM;
	memset(msg->u.refusal.why, 'x', sizeof(msg->u.refusal.why));
}

static void refusal_of_nothing(struct attach_msg *msg)
{
	attach_msg_refuse(msg, 0, "x");
}

static const struct {
	void (*alter)(struct attach_msg *msg);
	int rc;
	const char *why;
} senseless[] = {
	{ no_magic, -KM_EPROTO, "does not begin with the magic" },
	{ other_version, -KM_EABI,
	    "the program speaks version 99 of the attach protocol, kmemd "
	    "version 1" },
	{ no_type, -KM_EPROTO, "unknown type 0" },
	{ type_too_high, -KM_EPROTO, "unknown type 5" },
	{ other_abi, -KM_EABI, "the program has pools of ABI 77, layout " },
	{ other_layout, -KM_EABI, "; kmemd has ABI 1, layout " },
	{ no_name, -KM_EPROTO, "without a name" },
	{ endless_name, -KM_EPROTO, "without a name" },
	{ unknown_flags, -KM_EPROTO, "unknown flags 0x100" },
	{ shows_nothing, -KM_EPROTO, "shows a pkg pool and has none" },
	{ pool_beyond_memory, -KM_EPROTO, "at no address" },
	{ endless_reason, -KM_EPROTO, "without a reason" },
	{ refusal_of_nothing, -KM_EPROTO, "without a reason" },
};
#define N_SENSELESS (sizeof(senseless) / sizeof(senseless[0]))

START_TEST(what_makes_no_sense_is_named)
{
	struct attach_msg msg = good_hello();
	char why[ATTACH_WHY_SIZE] = "";

	ck_assert_int_eq(attach_msg_check(&msg, sizeof(msg), &names, why), 0);
	senseless[_i].alter(&msg);
	ck_assert_int_eq(
	    attach_msg_check(&msg, sizeof(msg), &names, why), senseless[_i].rc);
	ck_assert_msg(strstr(why, senseless[_i].why) != NULL, "%s", why);
}
END_TEST

START_TEST(a_message_of_another_size_is_refused)
{
	struct attach_msg msg = good_hello();
	char why[ATTACH_WHY_SIZE];

	for (size_t len = 0; len < ATTACH_SIZE; len++)
		ck_assert_int_eq(
		    attach_msg_check(&msg, len, &names, why), -KM_EPROTO);
	ck_assert_int_eq(
	    attach_msg_check(&msg, ATTACH_SIZE + 1, &names, why), -KM_EPROTO);
	ck_assert_ptr_nonnull(strstr(why, "more than 512 bytes"));
	/* What it is called is known before its size is. */
	msg.head.version = 2;
	ck_assert_int_eq(attach_msg_check(&msg, 16, &names, why), -KM_EABI);
}
END_TEST

START_TEST(a_refusal_of_another_abi_is_understood)
{
	struct attach_msg msg;
	char why[ATTACH_WHY_SIZE];

	attach_msg_refuse(&msg, -KM_EABI, "why");
	msg.head.abi = 77;
	ck_assert_int_eq(attach_msg_check(&msg, sizeof(msg), &names, why), 0);
}
END_TEST

START_TEST(a_message_arrives_with_its_descriptor)
{
	struct attach_msg msg = good_hello();
	struct attach_packet packet;
	struct stat sent, got;
	int pair[2], fd = open("/dev/null", O_RDONLY), before;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	before = count_fds();
	ck_assert_int_eq(attach_msg_send(pair[0], &msg, fd), 0);
	ck_assert_int_eq(attach_packet_receive(pair[1], &packet), 0);
	ck_assert_uint_eq(packet.len, sizeof(msg));
	ck_assert_int_eq(memcmp(&packet.msg, &msg, sizeof(msg)), 0);
	ck_assert_int_eq(packet.n_fds, 1);
	ck_assert_int_eq(fcntl(packet.fd[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	fstat(fd, &sent);
	fstat(packet.fd[0], &got);
	ck_assert_uint_eq(sent.st_ino, got.st_ino);
	attach_packet_close(&packet);
	ck_assert_int_eq(count_fds(), before);
	close(pair[0]);
	ck_assert_int_eq(attach_packet_receive(pair[1], &packet), -KM_ECLOSED);
	ck_assert_int_eq(attach_msg_send(pair[1], &msg, -1), -KM_ECLOSED);
	close(pair[1]);
	close(fd);
}
END_TEST

static void send_fds(int sock, int n, size_t len)
{
	static char bytes[4 * ATTACH_SIZE];
	char room[CMSG_SPACE(100 * sizeof(int))] = { 0 };
	struct iovec iov = { bytes, len };
	struct msghdr hdr = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int)) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&hdr);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
	for (int i = 0; i < n; i++)
		memcpy(CMSG_DATA(cmsg) + (size_t)i * sizeof(int),
		    &(int){ STDERR_FILENO }, sizeof(int));
	ck_assert_int_eq(sendmsg(sock, &hdr, 0), (ssize_t)len);
}

START_TEST(more_than_there_is_room_for_is_cut_and_closed)
{
	struct attach_packet packet;
	int pair[2], before;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	before = count_fds();
	send_fds(pair[0], 100, 4 * ATTACH_SIZE);
	ck_assert_int_eq(attach_packet_receive(pair[1], &packet), 0);
	ck_assert_int_eq(packet.n_fds, ATTACH_FDS_MAX);
	ck_assert_uint_gt(packet.len, ATTACH_SIZE);
	close(attach_packet_take(&packet));
	ck_assert_int_eq(packet.n_fds, ATTACH_FDS_MAX - 1);
	attach_packet_close(&packet);
	ck_assert_int_eq(attach_packet_take(&packet), -1);
	ck_assert_int_eq(count_fds(), before);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attach_msg");
	TCase *tc = tcase_create("messages");

	tcase_add_loop_test(tc, what_makes_no_sense_is_named, 0, N_SENSELESS);
	tcase_add_test(tc, a_message_of_another_size_is_refused);
	tcase_add_test(tc, a_refusal_of_another_abi_is_understood);
	tcase_add_test(tc, a_message_arrives_with_its_descriptor);
	tcase_add_test(tc, more_than_there_is_room_for_is_cut_and_closed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
