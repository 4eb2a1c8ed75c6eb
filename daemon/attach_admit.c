/* SPDX-License-Identifier: ISC */
/* attach_admit.c - what a HELLO is answered. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/attach_admit.h"
#include "daemon/attach_peer.h"
#include "daemon/chunk.h"
#include "daemon/pkgread.h"
#include "daemon/proc.h"
#include "daemon/super_orphans.h"
#include "mem/pool.h"
#include "mem/slot.h"

static struct {
	int readonly; /* the chunk's memfd, opened for reading */
} admit = { .readonly = -1 };

int attach_admit_init(void)
{
	char path[64];

	if (chunk_backend() != SEGMENT_MEMFD)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", chunk_fd());
	admit.readonly = open(path, O_RDONLY | O_CLOEXEC);
	if (admit.readonly >= 0)
		return 0;
	LM_ERR("cannot open the chunk for observers: %s: %m", path);
	return -KM_ESYS;
}

/* With it goes the lock of found_lock(): the service is at its end. */
void attach_admit_fini(void)
{
	if (admit.readonly >= 0)
		close(admit.readonly);
	admit.readonly = -1;
}

/* ---- who it is ---------------------------------------------------------- */

static int check_packet(
    const struct attach_packet *packet, char why[ATTACH_WHY_SIZE])
{
	static const struct attach_names names = { "kmemd", "the program" };
	int rc = attach_msg_check(&packet->msg, packet->len, &names, why);
	int n_fds;

	if (rc != 0)
		return rc;
	if (packet->msg.head.type != ATTACH_HELLO)
		return attach_msg_why(-KM_EPROTO, why,
		    "a %s where a HELLO is due",
		    attach_type_name(packet->msg.head.type));
	n_fds = (packet->msg.u.hello.flags & ATTACH_SHOWS_PKG) != 0;
	if (packet->n_fds != n_fds)
		return attach_msg_why(-KM_EPROTO, why,
		    "a HELLO with %d descriptors: it should have %d",
		    packet->n_fds, n_fds);
	return 0;
}

/* In another pid namespace it is not the pid, but still the start time. */
static int check_process(const struct attach_peer *peer,
    const struct attach_hello *hello, char why[ATTACH_WHY_SIZE])
{
	if (hello->start_time != slot_process_start_time(peer->pid))
		return attach_msg_why(-KM_ECLOSED, why,
		    "pid %d is another process by now", (int)peer->pid);
	return 0;
}

/* SysV memory is opened by permission, not by a descriptor. */
static int check_backend(
    const struct attach_peer *peer, char why[ATTACH_WHY_SIZE])
{
	if (chunk_backend() == SEGMENT_MEMFD || peer->uid == 0 ||
	    peer->uid == geteuid())
		return 0;
	return attach_msg_why(-KM_EPERM, why,
	    "uid %u may not map the chunk, which is SysV shared memory of uid "
	    "%u: shm_backend = \"memfd\" is for all users",
	    (unsigned)peer->uid, (unsigned)geteuid());
}

/* ---- taking it in ------------------------------------------------------- */

/* Names go to the log, and to terminals. */
static void set_desc(struct proc *proc, const char *name)
{
	char desc[PROC_DESC_SIZE];

	snprintf(desc, sizeof(desc), "%s", name);
	for (char *c = desc; *c != '\0'; c++)
		if (!isascii(*c) || !isprint(*c))
			*c = '?';
	proc_set_desc(proc, desc);
}

static int add_row(
    const struct attach_peer *peer, const char *desc, struct proc **proc)
{
	int rc = proc_add(proc);

	if (rc != 0)
		return rc;
	proc_set_launched(*proc, peer->pid, "");
	(*proc)->state = PROC_READY;
	(*proc)->uid = peer->uid;
	(*proc)->slot = POOL_NO_SLOT;
	set_desc(*proc, desc);
	return 0;
}

/* The same file has another number in the /proc of another pid namespace. */
static int open_memory(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void set_pkg(struct proc *proc, const struct attach_peer *peer,
    struct attach_packet *packet)
{
	const struct attach_hello *hello = &packet->msg.u.hello;
	const char *why = "the program does not let it be looked at";
	int fd = attach_packet_take(packet);

	if (fd >= 0 && !attach_peer_has_memory(peer, fd)) {
		close(fd);
		fd = -1;
		why = "the descriptor it sent is not its /proc/self/mem";
		if (hello->pid != peer->pid) {
			fd = open_memory(peer->pid);
			why = "it is in another pid namespace, and only root "
			      "may open its memory from here";
		}
	}
	if ((hello->flags & ATTACH_HAS_PKG) == 0)
		why = "the program has no pkg pool";
	proc->mem_fd = fd;
	proc->pkg_base = hello->pkg_base;
	proc->pkg_size = (size_t)hello->pkg_size;
	if (fd < 0 && hello->pkg_errno > 0)
		snprintf(proc->pkg_why, sizeof(proc->pkg_why),
		    "the program cannot open its /proc/self/mem: %s",
		    strerror(hello->pkg_errno));
	else if (fd < 0)
		snprintf(proc->pkg_why, sizeof(proc->pkg_why), "%s", why);
}

static int claim_slot(struct proc *proc, char why[ATTACH_WHY_SIZE])
{
	int rc = slot_claim(chunk_pool(), &proc->slot);

	if (rc != 0)
		return attach_msg_why(rc, why,
		    "no free slot in the shm pool: live blocks of dead "
		    "processes hold them all");
	slot_set(chunk_pool(), proc->slot, (int32_t)proc->pid, proc->rank,
	    proc->desc);
	return 0;
}

static void fill_welcome(
    const struct proc *proc, bool observes, struct attach_msg *reply, int *fd)
{
	const struct km_pool *pool = chunk_pool();

	attach_msg_init(reply, ATTACH_WELCOME);
	reply->u.welcome = (struct attach_welcome){
		.backend = chunk_backend(),
		.shmid = chunk_backend() == SEGMENT_SYSV ? chunk_fd() : -1,
		.base = pool->base,
		.size = chunk_size(),
		.slot = proc->slot,
		.generation = pool->generation,
		.pid = (int32_t)proc->pid,
	};
	*fd = -1;
	if (chunk_backend() == SEGMENT_MEMFD)
		*fd = observes ? admit.readonly : chunk_fd();
}

int attach_admit(const struct attach_peer *peer, struct attach_packet *packet,
    struct proc **out, struct attach_msg *reply, int *fd,
    char why[ATTACH_WHY_SIZE])
{
	const struct attach_hello *hello = &packet->msg.u.hello;
	struct proc *proc = NULL;
	bool observes;
	int rc = check_packet(packet, why);

	if (rc == 0)
		rc = check_process(peer, hello, why);
	if (rc == 0)
		rc = check_backend(peer, why);
	if (rc == 0 && proc_by_pid(peer->pid) != NULL)
		rc = attach_msg_why(-KM_EEXIST, why,
		    "pid %d has attached already", (int)peer->pid);
	if (rc == 0 && add_row(peer, hello->desc, &proc) != 0)
		rc = attach_msg_why(-KM_ENOMEM, why, "kmemd is out of memory");
	if (rc != 0)
		return rc;
	set_pkg(proc, peer, packet);
	observes = (hello->flags & ATTACH_OBSERVES) != 0;
	if (!observes)
		rc = claim_slot(proc, why);
	if (rc != 0) {
		proc_remove(&proc);
		return rc;
	}
	fill_welcome(proc, observes, reply, fd);
	*out = proc;
	return 0;
}

/* Where it has its pkg pool, it told somebody else: look for it. */
static void find_pkg(struct proc *proc)
{
	proc->mem_fd = open_memory(proc->pid);
	if (proc->mem_fd < 0) {
		snprintf(proc->pkg_why, sizeof(proc->pkg_why),
		    "attached to a kmemd before this one; its memory: %s",
		    strerror(errno));
		return;
	}
	if (pkgread_find(
		proc->pid, proc->mem_fd, &proc->pkg_base, &proc->pkg_size) == 0)
		return;
	close(proc->mem_fd);
	proc->mem_fd = -1;
	snprintf(proc->pkg_why, sizeof(proc->pkg_why), "no pkg pool was found");
}

int attach_readmit(const struct attach_peer *peer, uint32_t slot,
    const char *desc, struct proc **out)
{
	int rc = add_row(peer, desc, out);

	if (rc != 0)
		return rc;
	(*out)->slot = slot;
	find_pkg(*out);
	return 0;
}

void attach_dismiss(struct proc **proc)
{
	if ((*proc)->slot != POOL_NO_SLOT) {
		slot_dead_process(chunk_pool(), (*proc)->slot);
		super_orphans_start((*proc)->slot);
	}
	proc_remove(proc);
}
