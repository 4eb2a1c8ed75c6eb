/* SPDX-License-Identifier: ISC */
/* check_takeover.c - finding a chunk that is not ours yet, or never will be. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/chunk.h"
#include "daemon/found.h"
#include "daemon/handed.h"
#include "mem/pool.h"
#include "tests/unit/unit.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static uint64_t service;
static char where[FOUND_WHERE_SIZE];
static pid_t holder;

/* Nobody else's: the path is of this very process. */
static void setup(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/check_takeover/%d", (int)getpid());
	service = found_service(path);
}

static void end_holder(void)
{
	if (holder <= 0)
		return;
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	holder = 0;
}

/* A memfd with this header. */
static int make(const char *name, const struct km_pool *head, unsigned seals)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
	ck_assert_int_eq(
	    pwrite(fd, head, sizeof(*head), 0), (ssize_t)sizeof(*head));
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

/* Somebody else has it open, and we have not. */
static void give_away(int fd, bool locks)
{
	int ready[2];
	pid_t us;
	char c;

	ck_assert_int_eq(pipe(ready), 0);
	holder = fork();
	ck_assert_int_ge(holder, 0);
	if (holder == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (locks && found_lock(fd, &us) != 0)
			_exit(1);
		c = 'x';
		if (write(ready[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fd);
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
}

static struct km_pool good(void)
{
	return (struct km_pool){
		.magic = POOL_MAGIC,
		.abi = POOL_ABI,
		.layout_hash = pool_layout_hash(),
		.kind = KM_SHM,
		.service = service,
	};
}

START_TEST(what_another_process_has_is_found)
{
	struct km_pool head = good();
	char who[32];
	int fd;

	give_away(make(CHUNK_NAME, &head, SEALS), false);
	ck_assert_int_eq(found_open(service, &fd, where), 1);
	snprintf(who, sizeof(who), "pid %d", (int)holder);
	ck_assert_str_eq(where, who);
	close(fd);
	end_holder();
	ck_assert_int_eq(found_open(service, &fd, where), 0);
}
END_TEST

/* Each is one thing away from a chunk of this service. */
START_TEST(what_is_no_chunk_of_this_service_is_not)
{
	struct km_pool head = good();
	const char *name = CHUNK_NAME;
	unsigned seals = SEALS;
	int fd;

	switch (_i) {
	case 0:
		head.magic++;
		break;
	case 1:
		head.kind = KM_PKG;
		break;
	case 2:
		head.service++;
		break;
	case 3:
		name = "another";
		break;
	case 4:
		seals = F_SEAL_GROW;
		break;
	}
	give_away(make(name, &head, seals), false);
	ck_assert_int_eq(found_open(service, &fd, where), 0);
	end_holder();
}
END_TEST

START_TEST(what_a_living_kmemd_has_is_not)
{
	struct km_pool head = good();
	pid_t who;
	int fd, ours;

	fd = make(CHUNK_NAME, &head, SEALS);
	ours = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	give_away(fd, true);
	ck_assert_int_eq(found_lock(ours, &who), -KM_EBUSY);
	ck_assert_int_eq(who, holder);
	ck_assert_int_eq(found_open(service, &fd, where), 0);
	end_holder();
	ck_assert_int_eq(found_lock(ours, &who), 0);
	close(ours);
}
END_TEST

START_TEST(a_name_is_of_the_absolute_path)
{
	char path[4096], cwd[2048];

	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	snprintf(path, sizeof(path), "%s/a.sock", cwd);
	ck_assert_uint_eq(found_service("a.sock"), found_service(path));
	ck_assert_uint_ne(found_service("a.sock"), found_service("/a.sock"));
	ck_assert_uint_ne(found_service("/a.sock"), 0);
}
END_TEST

/* ---- the service manager ------------------------------------------------ */

/* What it is sent, and the descriptor. */
static int stored(int sock, char *text, size_t size)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { text, size - 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	int fd;

	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_uint_gt(msg.msg_controllen, 0);
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

START_TEST(the_service_manager_gets_the_chunk_and_hands_it_back)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct km_pool head = good();
	char text[128], number[16], names[1024] = "";
	int sock, fd, kept, len = 0;
	socklen_t size;

	/* An abstract one, which leaves no file. */
	snprintf(at.sun_path, sizeof(at.sun_path), "@check_takeover.%d",
	    (int)getpid());
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			   strlen(at.sun_path));
	at.sun_path[0] = '\0';
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(sock, (struct sockaddr *)&at, size), 0);
	fd = make(CHUNK_NAME, &head, SEALS);
	handed_store(fd);
	kept = stored(sock, text, sizeof(text));
	ck_assert_str_eq(text, "FDSTORE=1\nFDNAME=kmemd-shm");
	close(fd);
	/* As it is when the next one starts: descriptors from 3 on. */
	for (int i = 3; i < kept; i++)
		len += snprintf(names + len, sizeof(names) - (size_t)len, "a:");
	snprintf(names + len, sizeof(names) - (size_t)len, "kmemd-shm");
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	snprintf(number, sizeof(number), "%d", kept - 2);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	handed_init();
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
	ck_assert(!handed_by_ourselves());
	ck_assert_int_eq(found_open(service, &fd, where), 1);
	ck_assert_int_eq(fd, kept);
	ck_assert_str_eq(where, "the service manager");
	ck_assert_int_eq(handed_take(), -1);
}
END_TEST

START_TEST(what_is_for_another_process_is_not_taken)
{
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_FDNAMES", "kmemd-shm", 1);
	handed_init();
	ck_assert_int_eq(handed_take(), -1);
	setenv("KMEMD_CHUNK", "nonsense", 1);
	handed_init();
	ck_assert_int_eq(handed_take(), -1);
	ck_assert(!handed_by_ourselves());
}
END_TEST

START_TEST(what_is_left_over_exec_is_found_there)
{
	struct km_pool head = good();
	int fd = make(CHUNK_NAME, &head, SEALS);

	ck_assert_int_eq(handed_leave(fd), 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	handed_init();
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert(handed_by_ourselves());
	ck_assert_int_eq(handed_take(), fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("takeover");
	TCase *tcase = tcase_create("takeover");

	tcase_add_checked_fixture(tcase, setup, end_holder);
	tcase_add_test(tcase, what_another_process_has_is_found);
	tcase_add_loop_test(
	    tcase, what_is_no_chunk_of_this_service_is_not, 0, 5);
	tcase_add_test(tcase, what_a_living_kmemd_has_is_not);
	tcase_add_test(tcase, a_name_is_of_the_absolute_path);
	tcase_add_test(
	    tcase, the_service_manager_gets_the_chunk_and_hands_it_back);
	tcase_add_test(tcase, what_is_for_another_process_is_not_taken);
	tcase_add_test(tcase, what_is_left_over_exec_is_found_there);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
