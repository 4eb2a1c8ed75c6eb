/* SPDX-License-Identifier: ISC */
/* attach_hostile.c - programs at the attach socket that do not behave. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach_msg.h"
#include "base/err.h"
#include "mem/pool.h"
#include "mem/segment.h"
#include "mem/slot.h"

/*
 * usage: attach_hostile SOCKET CASE
 * Prints what kmemd answers: "refused: WHY", "welcome", "closed", "nothing".
 * With a third argument it stays, until its stdin ends.
 */
#define DEADLINE_S 60
#define CROWD	   200 /* below the usual limit of one user */
#define NOISE	   2000

static const char *path;
static int sock = -1;

static void open_socket(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const struct timeval limit = { DEADLINE_S, 0 };

	if (sock >= 0)
		close(sock);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
		perror(path);
		exit(1);
	}
}

static struct attach_msg hello(void)
{
	struct attach_msg msg;

	attach_msg_init(&msg, ATTACH_HELLO);
	msg.u.hello.pid = (int32_t)getpid();
	msg.u.hello.start_time = slot_process_start_time(msg.u.hello.pid);
	snprintf(msg.u.hello.desc, sizeof(msg.u.hello.desc), "hostile");
	return msg;
}

/* What is heard, said on stdout. The descriptor of a WELCOME, or -1. */
static int hear(void)
{
	struct attach_packet packet;
	int rc = attach_packet_receive(sock, &packet);

	if (rc == -KM_ECLOSED)
		puts("closed");
	else if (rc != 0)
		puts("nothing");
	else if (packet.msg.head.type == ATTACH_REFUSAL)
		printf("refused: %s\n", packet.msg.u.refusal.why);
	else
		puts("welcome");
	return rc == 0 ? attach_packet_take(&packet) : -1;
}

static void say(const void *bytes, size_t len)
{
	if (send(sock, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
		perror("send");
}

/* ---- packets ------------------------------------------------------------ */

static void truncated(void)
{
	struct attach_msg msg = hello();

	say(&msg, 100);
	hear();
}

static void tiny(void)
{
	say("x", 1);
	hear();
}

static void empty(void)
{
	say("", 0);
	hear();
}

static void oversized(void)
{
	char bytes[8192] = { 0 };
	struct attach_msg msg = hello();

	memcpy(bytes, &msg, sizeof(msg));
	say(bytes, sizeof(bytes));
	hear();
}

static void version(void)
{
	struct attach_msg msg = hello();

	msg.head.version = 7;
	say(&msg, sizeof(msg));
	hear();
}

static void layout(void)
{
	struct attach_msg msg = hello();

	msg.head.layout_hash = 0x12345678;
	say(&msg, sizeof(msg));
	hear();
}

static void not_hello(void)
{
	struct attach_msg msg;

	attach_msg_init(&msg, ATTACH_WELCOME);
	say(&msg, sizeof(msg));
	hear();
}

static void other_pid(void)
{
	struct attach_msg msg = hello();

	msg.u.hello.pid = 1;
	say(&msg, sizeof(msg));
	hear();
}

static void other_start(void)
{
	struct attach_msg msg = hello();

	msg.u.hello.start_time++;
	say(&msg, sizeof(msg));
	hear();
}

static void noise(void)
{
	char bytes[ATTACH_SIZE];

	srandom(1);
	for (int n = 0; n < NOISE; n++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)random();
		open_socket();
		say(bytes, (size_t)random() % sizeof(bytes) + 1);
	}
	hear();
}

/* ---- descriptors -------------------------------------------------------- */

static void no_descriptor(void)
{
	struct attach_msg msg = hello();

	msg.u.hello.flags = ATTACH_HAS_PKG | ATTACH_SHOWS_PKG;
	say(&msg, sizeof(msg));
	hear();
}

static void surplus_descriptor(void)
{
	struct attach_msg msg = hello();

	attach_msg_send(sock, &msg, STDIN_FILENO);
	hear();
}

static void show(int fd, uint64_t base)
{
	struct attach_msg msg = hello();

	msg.u.hello.flags = ATTACH_HAS_PKG | ATTACH_SHOWS_PKG;
	msg.u.hello.pkg_base = base;
	msg.u.hello.pkg_size = 1 << 20;
	attach_msg_send(sock, &msg, fd);
	hear();
}

/* A pipe would block whoever reads from it. */
static void wrong_descriptor(void)
{
	int end[2];

	if (pipe(end) == 0)
		show(end[0], 4096);
}

/* Of another process, which the sender may read. */
static void memory_of_another(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/mem", (int)getppid());
	show(open(name, O_RDONLY), 4096);
}

static void writable_memory(void)
{
	show(open("/proc/self/mem", O_RDWR), 4096);
}

static void no_pool(void)
{
	show(open("/proc/self/mem", O_RDONLY), 4096);
}

/* A header that is good, and random bytes behind it. */
static void random_pool(void)
{
	size_t size = 1 << 20;
	struct pool_options opt = { .kind = KM_PKG,
		.manager = "slab",
		.name = "hostile",
		.n_slots = 16,
		.size = size };
	struct km_pool *pool;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pool_create(map, &opt, &pool) != 0)
		exit(1);
	srandom(2);
	for (size_t i = sizeof(*pool); i < size; i++)
		map[i] = (char)random();
	show(open("/proc/self/mem", O_RDONLY), (uintptr_t)map);
}

/* ---- the chunk ---------------------------------------------------------- */

static const char *can(bool it_can)
{
	return it_can ? "yes" : "no";
}

static void shrink(void)
{
	struct attach_msg msg = hello();
	int fd;

	say(&msg, sizeof(msg));
	fd = hear();
	printf("shrink %s\n", can(ftruncate(fd, 0) == 0));
	printf("grow %s\n", can(ftruncate(fd, (off_t)1 << 40) == 0));
	printf("seal %s\n",
	    can(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK) == 0));
	printf("punch %s\n",
	    can(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096) == 0));
}

static void observe(void)
{
	struct attach_msg msg = hello();
	void *map;
	int fd;

	msg.u.hello.flags = ATTACH_OBSERVES;
	say(&msg, sizeof(msg));
	fd = hear();
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	printf("write %s\n", can(map != MAP_FAILED));
	printf("punch %s\n",
	    can(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		    4096) == 0));
}

/* ---- time and number ---------------------------------------------------- */

static void silent(void)
{
	hear();
}

/* HELLO after HELLO, and none of the answers is read. */
static void deaf(void)
{
	struct attach_msg msg = hello();

	for (int i = 0; i < NOISE; i++)
		send(sock, &msg, sizeof(msg), MSG_NOSIGNAL | MSG_DONTWAIT);
	hear();
}

static void garbage_later(void)
{
	struct attach_msg msg = hello();

	say(&msg, sizeof(msg));
	hear();
	say("garbage", 7);
	hear();
}

static void crowd(void)
{
	int socks[CROWD];

	for (int i = 0; i < CROWD; i++) {
		open_socket();
		socks[i] = dup(sock);
	}
	for (int i = 0; i < CROWD; i++)
		close(socks[i]);
	silent();
}

static void twice(void)
{
	struct attach_msg msg = hello();
	int first;

	say(&msg, sizeof(msg));
	hear();
	first = dup(sock);
	open_socket();
	say(&msg, sizeof(msg));
	hear();
	close(first);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "truncated", truncated },
	{ "tiny", tiny },
	{ "empty", empty },
	{ "oversized", oversized },
	{ "version", version },
	{ "layout", layout },
	{ "not_hello", not_hello },
	{ "other_pid", other_pid },
	{ "other_start", other_start },
	{ "noise", noise },
	{ "no_descriptor", no_descriptor },
	{ "surplus_descriptor", surplus_descriptor },
	{ "wrong_descriptor", wrong_descriptor },
	{ "memory_of_another", memory_of_another },
	{ "writable_memory", writable_memory },
	{ "no_pool", no_pool },
	{ "random_pool", random_pool },
	{ "shrink", shrink },
	{ "observe", observe },
	{ "silent", silent },
	{ "deaf", deaf },
	{ "garbage_later", garbage_later },
	{ "crowd", crowd },
	{ "twice", twice },
};

int main(int argc, char **argv)
{
	char byte;

	if (argc < 3)
		return 2;
	path = argv[1];
	open_socket();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(cases[i].name, argv[2]) == 0)
			cases[i].run();
	fflush(stdout);
	while (argc > 3 && read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
