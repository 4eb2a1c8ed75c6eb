/* SPDX-License-Identifier: ISC */
/* segment.c - creating and mapping the memory behind a pool. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "mem/segment.h"

#define COPY_UNIT 4096 /* bytes; a SysV segment is copied by such pieces */

const char *const segment_backend_names[] = { "memfd", "sysv" };
_Static_assert(
    sizeof(segment_backend_names) / sizeof(char *) == SEGMENT_BACKEND__COUNT,
    "a name for each backend");

static size_t round_to_page(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

/*
 * Sealed: nobody who is handed it can cut it under our feet.  Its mode is for
 * who is handed it for reading: he cannot open it again for more.
 */
static int prepare_memfd(
    const struct segment *seg, const struct segment_options *opt)
{
	if (ftruncate(seg->id, (off_t)seg->size) == 0 &&
	    fcntl(seg->id, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0 &&
	    fchmod(seg->id, 0600) == 0 &&
	    fchown(seg->id, opt->uid, opt->gid) == 0)
		return 0;
	return -KM_ESYS;
}

static int create_memfd(struct segment *seg, const struct segment_options *opt)
{
	int saved;

	seg->id = memfd_create(opt->name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (seg->id == -1)
		return -KM_ESYS;
	if (prepare_memfd(seg, opt) == 0) {
		seg->backend = SEGMENT_MEMFD;
		return 0;
	}
	saved = errno;
	close(seg->id);
	errno = saved;
	return -KM_ESYS;
}

static int sysv_set_owner(int id, uid_t uid, gid_t gid)
{
	struct shmid_ds ds;

	if (uid == (uid_t)-1 && gid == (gid_t)-1)
		return 0;
	if (shmctl(id, IPC_STAT, &ds) == -1)
		return -KM_ESYS;
	if (uid != (uid_t)-1)
		ds.shm_perm.uid = uid;
	if (gid != (gid_t)-1)
		ds.shm_perm.gid = gid;
	return shmctl(id, IPC_SET, &ds) == -1 ? -KM_ESYS : 0;
}

/*
 * A kill between shmget and IPC_RMID leaves an unused segment of 0600; the
 * window is these few lines.
 */
static int create_sysv(struct segment *seg, const struct segment_options *opt)
{
	int rc = -KM_ESYS;
	int saved;

	seg->id = shmget(IPC_PRIVATE, seg->size, IPC_CREAT | 0600);
	if (seg->id == -1)
		return -KM_ESYS;
	seg->keep = shmat(seg->id, NULL, 0);
	if (seg->keep != (void *)-1)
		rc = sysv_set_owner(seg->id, opt->uid, opt->gid);
	saved = errno;
	shmctl(seg->id, IPC_RMID, NULL);
	if (rc != 0 && seg->keep != (void *)-1)
		shmdt(seg->keep);
	errno = saved;
	seg->backend = SEGMENT_SYSV;
	return rc;
}

int segment_create(struct segment *seg, const struct segment_options *opt)
{
	int rc;

	*seg = (struct segment){ .id = -1, .size = round_to_page(opt->size) };
	if (opt->size == 0 || seg->size < opt->size)
		return -KM_EINVAL;

	if (opt->backend == SEGMENT_MEMFD) {
		rc = create_memfd(seg, opt);
		if (rc == 0)
			return 0;
		LM_WARN("segment %s: memfd of %zu bytes: %m: "
			"trying SysV shared memory",
		    opt->name, seg->size);
	}
	rc = create_sysv(seg, opt);
	if (rc != 0) {
		LM_ERR("segment %s: SysV shared memory of %zu bytes: %m "
		       "(limits: kernel.shmmax, kernel.shmall)",
		    opt->name, seg->size);
		seg->id = -1;
	}
	return rc;
}

void segment_close(struct segment *seg)
{
	if (seg->id == -1)
		return;
	if (seg->backend == SEGMENT_MEMFD)
		close(seg->id);
	else
		shmdt(seg->keep);
	seg->id = -1;
	seg->keep = NULL;
}

const char *segment_who_has(
    const void *addr, size_t size, char *buf, size_t buf_size)
{
	uintptr_t want = (uintptr_t)addr;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];

	snprintf(buf, buf_size, "?");
	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
		uintptr_t from, to;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) != 2)
			continue;
		if (to <= want || from >= want + size)
			continue;
		snprintf(buf, buf_size, "%.*s", (int)strcspn(line, "\n"), line);
		break;
	}
	if (maps != NULL)
		fclose(maps);
	return buf;
}

static void log_taken(const void *addr, size_t size)
{
	char who[512];

	LM_ERR("address %p is taken by this mapping: %s: choose another base "
	       "address",
	    addr, segment_who_has(addr, size, who, sizeof(who)));
}

static void *map_sysv(const struct segment *seg, void *addr, int flags)
{
	void *map = shmat(seg->id, addr, flags);

	return map == (void *)-1 ? MAP_FAILED : map;
}

static int map_at(
    const struct segment *seg, void *addr, bool writable, void **map)
{
	void *got;

	if (seg->backend == SEGMENT_SYSV)
		got = map_sysv(seg, addr, writable ? 0 : SHM_RDONLY);
	else
		got = mmap(addr, seg->size,
		    PROT_READ | (writable ? PROT_WRITE : 0),
		    MAP_SHARED | (addr != NULL ? MAP_FIXED_NOREPLACE : 0),
		    seg->id, 0);
	if (got == MAP_FAILED) {
		/* SysV says EINVAL where mmap says EEXIST. */
		if (addr != NULL && (errno == EEXIST || errno == EINVAL)) {
			log_taken(addr, seg->size);
			return -KM_EADDR;
		}
		return -KM_ESYS;
	}
	if (addr != NULL && got != addr) {
		/* Kernels before 4.17 take MAP_FIXED_NOREPLACE for a hint. */
		munmap(got, seg->size);
		log_taken(addr, seg->size);
		return -KM_EADDR;
	}
	*map = got;
	return 0;
}

int segment_map(const struct segment *seg, void *addr, void **map)
{
	return map_at(seg, addr, true, map);
}

int segment_map_observed(const struct segment *seg, void *addr, void **map)
{
	return map_at(seg, addr, false, map);
}

int segment_map_over(const struct segment *seg, void *addr)
{
	void *got;

	if (seg->backend == SEGMENT_SYSV)
		got = map_sysv(seg, addr, SHM_REMAP);
	else
		got = mmap(addr, seg->size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, seg->id, 0);
	return got == MAP_FAILED ? -KM_ESYS : 0;
}

int segment_map_readonly(const struct segment *seg, const void **map)
{
	void *got;

	if (seg->backend == SEGMENT_SYSV)
		got = map_sysv(seg, NULL, SHM_RDONLY);
	else
		got = mmap(NULL, seg->size, PROT_READ, MAP_SHARED, seg->id, 0);
	if (got == MAP_FAILED)
		return -KM_ESYS;
	*map = got;
	return 0;
}

void segment_unmap(const struct segment *seg, const void *map)
{
	if (seg->backend == SEGMENT_SYSV)
		shmdt(map);
	else
		munmap((void *)(uintptr_t)map, seg->size);
}

static int write_all(int fd, const char *from, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, from, len, at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -KM_ESYS;
		from += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

/* Holes are skipped, so a copy costs what has been written. */
static int copy_memfd(
    const struct segment *seg, const char *from, const struct segment *to)
{
	off_t data = 0, hole;
	int rc = 0;

	while (rc == 0) {
		data = lseek(seg->id, data, SEEK_DATA);
		if (data == -1)
			return errno == ENXIO ? 0 : -KM_ESYS;
		hole = lseek(seg->id, data, SEEK_HOLE);
		if (hole == -1)
			return -KM_ESYS;
		rc =
		    write_all(to->id, from + data, (size_t)(hole - data), data);
		data = hole;
	}
	return rc;
}

static int copy_sysv(
    const struct segment *seg, const char *from, const struct segment *to)
{
	static const char zeros[COPY_UNIT];
	char *target = to->keep;

	for (size_t at = 0; at < seg->size; at += COPY_UNIT)
		if (memcmp(from + at, zeros, COPY_UNIT) != 0)
			memcpy(target + at, from + at, COPY_UNIT);
	return 0;
}

int segment_copy(
    const struct segment *seg, const void *from, const struct segment *to)
{
	if (to->size != seg->size || to->backend != seg->backend)
		return -KM_EINVAL;
	if (seg->backend == SEGMENT_MEMFD)
		return copy_memfd(seg, from, to);
	return copy_sysv(seg, from, to);
}
