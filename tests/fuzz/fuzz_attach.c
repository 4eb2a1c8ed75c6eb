/* SPDX-License-Identifier: ISC */
/* fuzz_attach.c - any packet at the attach socket: refused, or taken in. */
#include "config.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach_msg.h"
#include "daemon/attach_admit.h"
#include "daemon/attach_peer.h"
#include "daemon/chunk.h"
#include "daemon/param.h"
#include "daemon/proc.h"
#include "mem/pool.h"
#include "mem/slot.h"
#include "tests/fuzz/rounds.h"

/*
 * The first byte chooses which descriptors come along, and whether pid and
 * start time are made right; the rest is the packet.  What is checked: who is
 * refused is told why, in a text; who is taken in has a row and a slot, which
 * are given back; no descriptor is left open.
 */
#define CHUNK_MB       4
#define N_FDS(byte)    ((byte)&3)
#define IS_RIGHT(byte) (((byte)&4) != 0)
#define IS_MEM(byte)   (((byte)&8) != 0)

static void broken(const char *what, const char *text)
{
	fprintf(stderr, "fuzz_attach: %s: %s\n", what, text);
	abort();
}

static void prepare(void)
{
	static int is_ready;

	if (is_ready++)
		return;
	if (param_init() != 0 || param_set_int(P_SHM_MEM_SIZE, CHUNK_MB) != 0 ||
	    chunk_open((uid_t)-1, (gid_t)-1) != 0 || proc_init(0) != 0 ||
	    attach_admit_init() != 0)
		broken("cannot make a chunk", "4 MB");
}

static int open_one(int is_mem)
{
	return open(is_mem ? "/proc/self/mem" : "/dev/null", O_RDONLY);
}

static void fill(struct attach_packet *packet, const uint8_t *data, size_t size)
{
	size_t room = sizeof(packet->msg);
	struct attach_hello *hello = &packet->msg.u.hello;

	memset(packet, 0, sizeof(*packet));
	memcpy(&packet->msg, data + 1, size - 1 < room ? size - 1 : room);
	packet->len = size - 1;
	if (IS_RIGHT(data[0])) {
		hello->pid = (int32_t)getpid();
		hello->start_time = slot_process_start_time(hello->pid);
	}
	packet->n_fds = N_FDS(data[0]);
	for (int i = 0; i < packet->n_fds; i++)
		packet->fd[i] = open_one(IS_MEM(data[0]));
}

static void check_taken(struct proc *proc, const struct attach_msg *reply)
{
	static const struct attach_names names = { "us", "them" };
	char why[ATTACH_WHY_SIZE];

	if (attach_msg_check(reply, sizeof(*reply), &names, why) != 0)
		broken("an answer that is none", why);
	if (proc_by_pid(getpid()) != proc || proc->desc[0] == '\0')
		broken("no row", proc->desc);
	if (proc->slot != POOL_NO_SLOT)
		slot_dead(chunk_pool(), proc->slot);
	proc_remove(&proc);
}

/* The lowest that is free: the same as before, or one was left open. */
static int lowest(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct attach_peer peer = { .pid = getpid(), .pidfd = -1 };
	struct attach_packet packet;
	char why[ATTACH_WHY_SIZE];
	struct attach_msg reply;
	struct proc *proc = NULL;
	int fd, before, rc;

	if (size == 0)
		return 0;
	prepare();
	before = lowest();
	memset(why, 'x', sizeof(why));
	fill(&packet, data, size);
	rc = attach_admit(&peer, &packet, &proc, &reply, &fd, why);
	if (rc == 0)
		check_taken(proc, &reply);
	else if (memchr(why, '\0', sizeof(why)) == NULL || why[0] == '\0')
		broken("no reason", "");
	attach_packet_close(&packet);
	if (lowest() != before)
		broken("a descriptor is left open", "");
	return 0;
}

#ifndef FUZZ_NO_MAIN
/* --- seeded rounds, where there is no libFuzzer --- */

#define INPUT_MOST (2 * ATTACH_SIZE)

/* A good HELLO with a few bytes changed, mostly near its beginning. */
static size_t make_input(uint8_t *input)
{
	struct attach_msg msg;
	size_t len = 1 + sizeof(msg);

	attach_msg_init(
	    &msg, rounds_random() % 16 == 0 ? ATTACH_LEAVE : ATTACH_HELLO);
	msg.u.hello.flags = rounds_random() & ATTACH_FLAG__ALL;
	msg.u.hello.pkg_base = rounds_random();
	msg.u.hello.pkg_size = rounds_random();
	snprintf(msg.u.hello.desc, sizeof(msg.u.hello.desc), "fuzz");
	input[0] = (uint8_t)rounds_random();
	if ((msg.u.hello.flags & ATTACH_SHOWS_PKG) != 0)
		input[0] = (uint8_t)((input[0] & ~3) | 1);
	memcpy(input + 1, &msg, sizeof(msg));
	for (uint32_t n = rounds_random() % 4; n > 0; n--)
		input[1 + rounds_random() % 120] = (uint8_t)rounds_random();
	if (rounds_random() % 8 == 0)
		len = 1 + rounds_random() % (INPUT_MOST - 1);
	return len;
}

int main(int argc, char **argv)
{
	return rounds_main(argc, argv, "any packet is answered", make_input);
}
#endif
