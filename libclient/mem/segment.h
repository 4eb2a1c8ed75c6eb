/* SPDX-License-Identifier: ISC */
/* segment.h - the memory behind a pool: a memfd or SysV segment, and its map.
 */
#ifndef KMEM_MEM_SEGMENT_H
#define KMEM_MEM_SEGMENT_H
/*
 * A segment is created once, sparse, and then mapped: writable at the address
 * that all its users agree on, or read-only anywhere, for a view.
 *
 * Lifetime: until the last process that holds or maps it is gone; a SysV
 * segment is marked IPC_RMID as soon as it exists and is attached, so that a
 * kill leaves none behind.
 * Concurrency: one process handles one struct segment at a time; what is
 * inside the memory is its pool's business.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum segment_backend {
	SEGMENT_MEMFD, /* sealed against shrinking and growing */
	SEGMENT_SYSV,
	SEGMENT_BACKEND__COUNT
};

extern const char *const segment_backend_names[SEGMENT_BACKEND__COUNT];

struct segment {
	enum segment_backend backend;
	int id;	     /* memfd, or shmid; -1 when closed */
	size_t size; /* bytes, a multiple of the page size */
	void *keep;  /* SysV: the attachment that keeps a removed segment */
};

/* What segment_create() is asked for. */
struct segment_options {
	const char *name; /* shown in /proc/PID/maps */
	size_t size;	  /* bytes, rounded up to a page */
	enum segment_backend backend;
	uid_t uid; /* owner to be set, (uid_t)-1: leave it */
	gid_t gid; /* the same for the group */
};

/*
 * Create one, zero-filled. With SEGMENT_MEMFD, a memfd that cannot be had is
 * logged and SysV tried. Returns 0, -KM_ESYS or -KM_EINVAL.
 */
int segment_create(struct segment *seg, const struct segment_options *opt);

/* Let go of descriptor and attachment. Maps made with segment_map() stay. */
void segment_close(struct segment *seg);

/*
 * Map it writable at exactly `addr`, or anywhere when addr is NULL.
 * Returns 0 and *map; -KM_EADDR when something else is mapped there (logged,
 * with the mapping's name); -KM_ESYS.
 */
int segment_map(const struct segment *seg, void *addr, void **map);

/* The same, read-only. */
int segment_map_observed(const struct segment *seg, void *addr, void **map);

/* As segment_map(), replacing whatever this process has mapped at addr. */
int segment_map_over(const struct segment *seg, void *addr);

/* Map it read-only, anywhere. Returns 0 and *map, or -KM_ESYS. */
int segment_map_readonly(const struct segment *seg, const void **map);

/* What this process has mapped in [addr, addr + size), into buf; buf. */
const char *segment_who_has(
    const void *addr, size_t size, char *buf, size_t buf_size);

/* Undo any of the four. */
void segment_unmap(const struct segment *seg, const void *map);

/*
 * Fill the new segment `to` with what is mapped at `from` (a map of `seg`),
 * without touching pages that were never written. Returns 0 or -KM_ESYS.
 */
int segment_copy(
    const struct segment *seg, const void *from, const struct segment *to);

#endif
