/* SPDX-License-Identifier: ISC */
/* attach_msg.h - what a program and kmemd say to each other at the attach
 * socket. */
#ifndef KMEM_ATTACH_MSG_H
#define KMEM_ATTACH_MSG_H
/*
 * One message is one packet of a SOCK_SEQPACKET socket, always of the same
 * size:
 *
 *   program                                kmemd
 *   HELLO   + /proc/self/mem    ------->
 *                               <-------   WELCOME  + memfd of the chunk
 *                                          or REFUSAL, then it closes
 *   LEAVE, then it closes       ------->   (km_detach)
 *
 * The connection stays open as long as the program is attached; nothing else
 * is sent.  Each side checks the other's ABI and layout, which are at one
 * place in every version of this protocol.
 *
 * Concurrency: no state is kept.
 */
#include <stddef.h>
#include <stdint.h>

#define ATTACH_MAGIC   0x54414d4bu /* "KMAT" in memory order */
#define ATTACH_VERSION 1
#define ATTACH_SIZE    512 /* bytes of every message of this version */

enum attach_type {
	ATTACH_HELLO = 1,
	ATTACH_WELCOME,
	ATTACH_REFUSAL,
	ATTACH_LEAVE,
	ATTACH_TYPE__COUNT
};

struct attach_head {
	uint32_t magic;
	uint16_t version;
	uint16_t type; /* enum attach_type */
	uint32_t abi;  /* POOL_ABI of who sends */
	uint32_t layout_hash;
};
_Static_assert(sizeof(struct attach_head) == 16, "as in every version");

/* Bits of attach_hello.flags. */
enum attach_flag {
	ATTACH_OBSERVES = 1,  /* wants to read only */
	ATTACH_HAS_PKG = 2,   /* has a pkg pool, at pkg_base */
	ATTACH_SHOWS_PKG = 4, /* its /proc/self/mem goes with the message */
	ATTACH_FLAG__ALL = 7
};

#define ATTACH_DESC_SIZE 64  /* bytes, the final NUL included */
#define ATTACH_WHY_SIZE	 480 /* the same */

struct attach_hello {
	uint32_t flags;
	int32_t pid;	     /* as the program knows it */
	uint64_t start_time; /* of it: /proc/PID/stat, field 22 */
	uint64_t pkg_base;
	uint64_t pkg_size; /* bytes that can be read there */
	int32_t pkg_errno; /* why it cannot show it; 0: does not want to */
	uint32_t reserved;
	char desc[ATTACH_DESC_SIZE];
};

struct attach_welcome {
	uint32_t backend; /* enum segment_backend */
	int32_t shmid;	  /* of SysV; a memfd goes with the message */
	uint64_t base;	  /* where to map it */
	uint64_t size;	  /* bytes to map */
	uint32_t slot;	  /* to use; an observer has none */
	uint32_t generation;
	int32_t pid; /* of the program, in kmemd's pid namespace */
	uint32_t reserved;
};

struct attach_refusal {
	int32_t error; /* -KM_E... */
	char why[ATTACH_WHY_SIZE];
};

struct attach_msg {
	struct attach_head head;
	union {
		struct attach_hello hello;
		struct attach_welcome welcome;
		struct attach_refusal refusal;
		char room[ATTACH_SIZE - sizeof(struct attach_head)];
	} u;
};
_Static_assert(sizeof(struct attach_msg) == ATTACH_SIZE, "of one size");

/* "HELLO"; "?" of a number that is none. */
const char *attach_type_name(unsigned type);

/* An empty one of this program. */
void attach_msg_init(struct attach_msg *msg, enum attach_type type);

/* A refusal, with the text for the other side. */
void attach_msg_refuse(struct attach_msg *msg, int error, const char *why);

/* Fill `why`; returns rc, which is < 0. */
__attribute__((format(printf, 3, 4))) int attach_msg_why(
    int rc, char why[ATTACH_WHY_SIZE], const char *fmt, ...);

/*
 * Is this what was received, len bytes, a message that makes sense on its own?
 * Returns 0; -KM_EPROTO; -KM_EABI: of another version, ABI or layout. Then why
 * says what is wrong with it, for the one who has sent it; `us` and `them` are
 * what the two sides are called there. A refusal may be of any ABI.
 */
struct attach_names {
	const char *us, *them;
};
int attach_msg_check(const struct attach_msg *msg, size_t len,
    const struct attach_names *names, char why[ATTACH_WHY_SIZE]);

/*
 * Send one, with a descriptor or -1. Returns 0; -KM_ECLOSED; -KM_EBUSY: the
 * other side does not read, or not in time; -KM_ESYS.
 */
int attach_msg_send(int sock, const struct attach_msg *msg, int fd);

#define ATTACH_FDS_MAX 4 /* more that come are closed unseen */

struct attach_packet {
	struct attach_msg msg;
	size_t len; /* bytes that came, more than ATTACH_SIZE when cut */
	int n_fds;
	int fd[ATTACH_FDS_MAX];
};

/*
 * Receive one, whatever it is. Returns 0 and *packet, whose descriptors are
 * the caller's; -KM_ECLOSED; -KM_EBUSY: nothing there yet, or not in time;
 * -KM_ESYS.
 */
int attach_packet_receive(int sock, struct attach_packet *packet);

/* Close those that are not -1. */
void attach_packet_close(struct attach_packet *packet);

/* Take the first one out; -1 when there is none. */
int attach_packet_take(struct attach_packet *packet);

#endif
