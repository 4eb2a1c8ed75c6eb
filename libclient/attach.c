/* SPDX-License-Identifier: ISC */
/* attach.c - joining the chunk, leaving it, and what a fork makes of it. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach_call.h"
#include "kmem.h"
#include "mem/pool.h"
#include "mem/segment.h"
#include "mem/slot.h"

#define TIMEOUT_MS 5000

/* A descriptor, and what tells it from others that come in its place. */
struct kept {
	int fd; /* -1: none */
	dev_t dev;
	ino_t ino;
};

static struct {
	pthread_mutex_t lock;
	bool is_attached;
	bool is_child; /* of a process that was, and not itself yet */
	struct km_pool *pool;
	struct segment segment;
	struct kept sock;  /* -1: nobody listens to us any more */
	struct kept memfd; /* of the chunk */
	/* What it was asked for, for the children. */
	char path[108];
	char desc[ATTACH_DESC_SIZE];
	unsigned flags;
	unsigned timeout_ms;
} attach = { .lock = PTHREAD_MUTEX_INITIALIZER, .sock.fd = -1, .memfd.fd = -1 };

/* ---- the connection ----------------------------------------------------- */

static void keep(struct kept *kept, int fd)
{
	struct stat st = { 0 };

	fstat(fd, &st);
	*kept = (struct kept){ fd, st.st_dev, st.st_ino };
}

/* Whoever closes all descriptors it sees may have closed it long ago. */
static void let_go(struct kept *kept)
{
	struct stat st;

	if (kept->fd >= 0 && fstat(kept->fd, &st) == 0 &&
	    st.st_dev == kept->dev && st.st_ino == kept->ino)
		close(kept->fd);
	kept->fd = -1;
}

/* The descriptor by which kmemd reads our pkg pool; -1: it does not. */
static int open_own_memory(struct attach_hello *hello)
{
	int fd = -1;

	if ((hello->flags & ATTACH_HAS_PKG) == 0 ||
	    (attach.flags & KM_ATTACH_NO_INSPECT) != 0)
		return -1;
	fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		hello->pkg_errno = errno;
	else
		hello->flags |= ATTACH_SHOWS_PKG;
	return fd;
}

static void fill_hello(struct attach_msg *msg)
{
	struct attach_hello *hello = &msg->u.hello;
	const struct km_pool *pkg = pool_in_use(KM_PKG);

	attach_msg_init(msg, ATTACH_HELLO);
	hello->pid = (int32_t)getpid();
	hello->start_time = slot_process_start_time(hello->pid);
	snprintf(hello->desc, sizeof(hello->desc), "%s", attach.desc);
	if ((attach.flags & KM_ATTACH_OBSERVER) != 0)
		hello->flags |= ATTACH_OBSERVES;
	if (pkg != NULL) {
		hello->flags |= ATTACH_HAS_PKG;
		hello->pkg_base = (uintptr_t)pkg;
		hello->pkg_size = pkg->max_size;
	}
}

/* Returns 0, *sock and *reply with its descriptor; or < 0 as km_attach(). */
static int ask(int *sock, struct attach_packet *reply)
{
	struct attach_msg hello;
	int rc, fd;

	rc = attach_connect(attach.path, attach.timeout_ms, sock);
	if (rc != 0)
		return rc;
	fill_hello(&hello);
	fd = open_own_memory(&hello.u.hello);
	rc = attach_call(*sock, &hello, fd, reply);
	if (fd >= 0)
		close(fd);
	if (rc != 0)
		close(*sock);
	return rc;
}

/* ---- the map ------------------------------------------------------------ */

static int no_map(int rc, void *base, size_t size)
{
	char who[ATTACH_WHY_SIZE / 2];

	if (rc == -KM_EADDR)
		return attach_fail(rc,
		    "the chunk is at %p in all programs, where this one has "
		    "this mapping: %s: set shm_base in kmemd.conf to an "
		    "address that is free in all",
		    base, segment_who_has(base, size, who, sizeof(who)));
	return attach_fail(rc, "cannot map %zu bytes at %p: %m", size, base);
}

static int map_chunk(struct attach_packet *reply)
{
	const struct attach_welcome *welcome = &reply->msg.u.welcome;
	void *base = (void *)(uintptr_t)welcome->base, *map = NULL;
	struct segment *seg = &attach.segment;
	int rc;

	*seg = (struct segment){
		.backend = (enum segment_backend)welcome->backend,
		.id = welcome->shmid,
		.size = welcome->size,
	};
	if (seg->backend == SEGMENT_MEMFD)
		seg->id = attach_packet_take(reply);
	rc = (attach.flags & KM_ATTACH_OBSERVER) != 0
		 ? segment_map_observed(seg, base, &map)
		 : segment_map(seg, base, &map);
	if (rc != 0)
		rc = no_map(rc, base, seg->size);
	/* It stays open: should kmemd die, the next one finds it here. */
	if (seg->backend == SEGMENT_MEMFD)
		keep(&attach.memfd, seg->id);
	if (rc != 0)
		let_go(&attach.memfd);
	attach.pool = map;
	return rc;
}

/* It is what the two have agreed on, or was damaged. */
static int check_pool(const struct attach_welcome *welcome)
{
	const struct km_pool *pool = attach.pool;

	if (pool->magic == POOL_MAGIC && pool->kind == KM_SHM &&
	    pool->base == welcome->base && pool->max_size <= welcome->size &&
	    pool->generation == welcome->generation)
		return 0;
	segment_unmap(&attach.segment, attach.pool);
	let_go(&attach.memfd);
	return attach_fail(-KM_ECORRUPT, "the chunk's header is damaged");
}

static void use(uint32_t slot)
{
	if ((attach.flags & KM_ATTACH_OBSERVER) != 0)
		pool_observe(KM_SHM, attach.pool);
	else
		pool_use(KM_SHM, attach.pool, slot);
}

static int join(void)
{
	struct attach_packet reply;
	int sock, rc;

	rc = ask(&sock, &reply);
	if (rc != 0)
		return rc;
	rc = map_chunk(&reply);
	if (rc == 0)
		rc = check_pool(&reply.msg.u.welcome);
	attach_packet_close(&reply);
	if (rc != 0) {
		close(sock);
		return rc;
	}
	keep(&attach.sock, sock);
	slot_known_as(reply.msg.u.welcome.pid);
	use(reply.msg.u.welcome.slot);
	attach.is_attached = true;
	return 0;
}

static void say_leave(int sock)
{
	struct attach_msg leave;

	attach_msg_init(&leave, ATTACH_LEAVE);
	attach_msg_send(sock, &leave, -1);
}

/* ---- fork --------------------------------------------------------------- */

/*
 * Who listens there has our chunk: *slot and the connection are ours. Or
 * -KM_ENOENT: nobody does, or he has another chunk.
 */
static int ask_as_child(uint32_t *slot)
{
	struct attach_packet reply;
	const struct attach_welcome *welcome = &reply.msg.u.welcome;
	int sock, rc;

	rc = ask(&sock, &reply);
	if (rc != 0)
		return rc;
	attach_packet_close(&reply);
	if (welcome->base != attach.pool->base ||
	    welcome->generation != attach.pool->generation) {
		/* What we were given there is not ours to keep. */
		say_leave(sock);
		close(sock);
		return -KM_ENOENT;
	}
	keep(&attach.sock, sock);
	slot_known_as(welcome->pid);
	*slot = welcome->slot;
	return 0;
}

/*
 * The kmemd of this chunk has gone, and with it whoever would be told of a
 * death: the child is no worse off than its parent. But in a pid namespace of
 * its own it could not say who it is to the next one.
 *
 * The next one listens before it looks who is there. So if nobody listens when
 * the slot is live, it will be seen; and if somebody does, the child asks as
 * any other. The first slot is left live then, as that of one more thread: who
 * has seen it may follow the process by it. If it refuses us, nobody may have
 * seen it, nor see us die: the slot is given up. A kill before that leaves it
 * LIVE, with nothing of ours in it, until the next takeover.
 */
static int join_alone(uint32_t *slot)
{
	uint32_t first;
	int rc;

	if (!slot_is_known_here())
		return attach_fail(-KM_ENOENT,
		    "no kmemd listens at %s, which this child needs, since it "
		    "is in another pid namespace",
		    attach.path);
	rc = slot_join(attach.pool, &first);
	if (rc != 0)
		return rc;
	rc = ask_as_child(slot);
	if (rc == -KM_ENOENT)
		*slot = first;
	else if (rc != 0)
		slot_left(attach.pool, first);
	return rc == -KM_ENOENT ? 0 : rc;
}

static int join_as_child(void)
{
	uint32_t slot;
	int rc = ask_as_child(&slot);

	if (rc == -KM_ENOENT)
		rc = join_alone(&slot);
	if (rc == 0)
		use(slot);
	return rc;
}

/* The pool's starter in the child of a fork. */
static int start_child(void)
{
	int rc = 0;

	pthread_mutex_lock(&attach.lock);
	if (attach.is_child)
		rc = join_as_child();
	if (rc == 0)
		attach.is_child = false;
	pthread_mutex_unlock(&attach.lock);
	return rc;
}

static void before_fork(void)
{
	pthread_mutex_lock(&attach.lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&attach.lock);
}

/* The connection is the parent's: that it ends must not depend on us. */
static void in_child(void)
{
	if (attach.is_attached) {
		let_go(&attach.sock);
		attach.is_child = true;
		if ((attach.flags & KM_ATTACH_OBSERVER) == 0)
			pool_set_starter(KM_SHM, start_child);
	}
	pthread_mutex_unlock(&attach.lock);
}

static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, in_child);
}

/* ---- what is asked for -------------------------------------------------- */

/* Options of another version of libkmem: what it does not know is 0. */
static int read_options(
    const struct km_attach_options *given, struct km_attach_options *opt)
{
	const char *rest = (const char *)given + sizeof(*opt);

	*opt = (struct km_attach_options){ .size = sizeof(*opt) };
	if (given == NULL)
		return 0;
	if (given->size < offsetof(struct km_attach_options, timeout_ms))
		return attach_fail(-KM_EINVAL,
		    "km_attach_options.size is %zu: set it to "
		    "sizeof(struct km_attach_options)",
		    given->size);
	for (size_t i = sizeof(*opt); i < given->size; i++)
		if (*rest++ != 0)
			return attach_fail(-KM_EINVAL,
			    "an option is set that this libkmem does not know: "
			    "it is older than the program");
	memcpy(opt, given,
	    given->size < sizeof(*opt) ? given->size : sizeof(*opt));
	if ((opt->flags & ~7u) != 0)
		return attach_fail(-KM_EINVAL,
		    "unknown bits in km_attach_options.flags: %#x", opt->flags);
	return 0;
}

static const char *choose_socket(const struct km_attach_options *opt)
{
	const char *path =
	    opt->socket != NULL ? opt->socket : secure_getenv("KMEMD_ATTACH");

	return path != NULL && path[0] != '\0' ? path
					       : KMEMD_RUNDIR "/attach.sock";
}

static int keep_options(const struct km_attach_options *opt)
{
	const char *path = choose_socket(opt);
	const char *desc = opt->desc != NULL && opt->desc[0] != '\0'
			       ? opt->desc
			       : program_invocation_short_name;

	if (strlen(path) >= sizeof(attach.path))
		return attach_fail(-KM_EINVAL,
		    "a socket's path has at most %zu bytes: %s",
		    sizeof(attach.path) - 1, path);
	snprintf(attach.path, sizeof(attach.path), "%s", path);
	snprintf(attach.desc, sizeof(attach.desc), "%s",
	    desc[0] != '\0' ? desc : "?");
	attach.flags = opt->flags;
	attach.timeout_ms = opt->timeout_ms > 0 ? opt->timeout_ms : TIMEOUT_MS;
	return 0;
}

/* One that is there already is kept. */
static int make_pkg(const struct km_attach_options *opt)
{
	int rc = km_pkg_init(opt->pkg_size, opt->pkg_manager);

	if (rc == 0 || rc == -KM_EEXIST)
		return 0;
	return attach_fail(rc, "no pkg pool of %zu bytes under %s: %s",
	    opt->pkg_size, opt->pkg_manager != NULL ? opt->pkg_manager : "slab",
	    km_strerror(rc));
}

static int begin(const struct km_attach_options *given)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct km_attach_options opt;
	int rc;

	if (pool_in_use(KM_SHM) != NULL)
		return attach_fail(-KM_EEXIST,
		    "this process has shared memory already: it has attached, "
		    "or is one of kmemd's");
	rc = read_options(given, &opt);
	if (rc == 0)
		rc = keep_options(&opt);
	if (rc == 0 && (opt.flags & KM_ATTACH_NO_PKG) == 0)
		rc = make_pkg(&opt);
	if (rc != 0)
		return rc;
	pthread_once(&once, watch_forks);
	return join();
}

int km_attach(const struct km_attach_options *options)
{
	int rc;

	pthread_mutex_lock(&attach.lock);
	if (attach.is_child && (attach.flags & KM_ATTACH_OBSERVER) == 0) {
		pthread_mutex_unlock(&attach.lock);
		return start_child();
	}
	rc = begin(options);
	pthread_mutex_unlock(&attach.lock);
	return rc;
}

int km_detach(void)
{
	int rc = -KM_EREADY;

	pthread_mutex_lock(&attach.lock);
	if (attach.is_attached) {
		pool_use(KM_SHM, NULL, 0);
		segment_unmap(&attach.segment, attach.pool);
		if (attach.sock.fd >= 0)
			say_leave(attach.sock.fd);
		let_go(&attach.sock);
		let_go(&attach.memfd);
		attach.pool = NULL;
		attach.is_attached = attach.is_child = false;
		rc = 0;
	}
	pthread_mutex_unlock(&attach.lock);
	return rc;
}
