/* SPDX-License-Identifier: ISC */
/* pkgread.c - reading the pkg pool of any process, here or in a program. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/pkgread.h"
#include "daemon/proc.h"
#include "mem/segment.h"
#include "mem/view.h"

#define N_STREAMS 4    /* read side by side: tables, pages, tags, ... */
#define WINDOW	  2048 /* bytes read at once where a stream goes on */

/* Reads that follow each other: what comes next is read ahead. */
struct stream {
	uint64_t end; /* of the last read: the next begins there, or nowhere */
	uint64_t at;  /* of what is in the window */
	size_t len;
	char window[WINDOW];
};

struct pkgread {
	struct view *view;
	/* A map of our own */
	struct segment segment;
	const void *map;
	/* ... or memory of a program */
	int fd;
	uint64_t base;
	uint64_t size;
	bool is_gone;  /* the kernel has said so */
	unsigned next; /* stream to be given up */
	struct stream stream[N_STREAMS];
};

/* ---- memory of a program ------------------------------------------------ */

static int read_all(struct pkgread *r, uint64_t off, void *to, size_t len)
{
	ssize_t n;

	do
		n = pread(r->fd, to, len, (off_t)(r->base + off));
	while (n == -1 && errno == EINTR);
	if (n == 0)
		r->is_gone = true;
	return n == (ssize_t)len ? 0 : -KM_ERANGE;
}

/* What goes on where a read has ended: from the window, filled if need be. */
static int read_on(struct pkgread *r, struct stream *s, void *to, size_t len)
{
	uint64_t off = s->end;

	if (off < s->at || off + len > s->at + s->len) {
		s->at = off;
		s->len = r->size - off < WINDOW ? r->size - off : WINDOW;
		if (read_all(r, off, s->window, s->len) != 0) {
			s->len = 0;
			return -KM_ERANGE;
		}
	}
	memcpy(to, s->window + (off - s->at), len);
	s->end = off + len;
	return 0;
}

/*
 * Only what is ahead of all that was read comes from a window. So to read a
 * word again, to see whether it has changed, reads it again.
 */
static int read_memory(void *arg, uint64_t off, void *to, size_t len)
{
	struct pkgread *r = arg;
	bool again = false;

	for (int i = 0; i < N_STREAMS; i++) {
		struct stream *s = &r->stream[i];

		if (s->end == off && off > 0 && len <= WINDOW)
			return read_on(r, s, to, len);
		again = again || s->end == off + len;
	}
	if (!again) {
		r->stream[r->next].end = off + len;
		r->stream[r->next].len = 0;
		r->next = (r->next + 1) % N_STREAMS;
	}
	return read_all(r, off, to, len);
}

static int open_memory(struct pkgread *r, const struct proc *proc)
{
	const struct view_source source = {
		.read = read_memory,
		.arg = r,
		.size = proc->pkg_size,
	};

	if (proc->mem_fd < 0)
		return -KM_EPERM;
	r->fd = fcntl(proc->mem_fd, F_DUPFD_CLOEXEC, 0);
	if (r->fd < 0)
		return -KM_ESYS;
	r->base = proc->pkg_base;
	r->size = proc->pkg_size;
	return view_open(&source, &r->view);
}

int pkgread_find(pid_t pid, int fd, uint64_t *base, size_t *size)
{
	char path[64], line[512], how[8];
	struct km_pool head;
	int rc = -KM_ENOENT;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (maps == NULL)
		return rc;
	while (rc != 0 && fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%" SCNx64 "-%*x %7s", base, how) != 2 ||
		    strcmp(how, "rw-p") != 0 ||
		    pread(fd, &head, sizeof(head), (off_t)*base) !=
			(ssize_t)sizeof(head))
			continue;
		if (head.magic != POOL_MAGIC || head.kind != KM_PKG ||
		    head.base != *base)
			continue;
		*size = (size_t)head.max_size;
		rc = 0;
	}
	fclose(maps);
	return rc;
}

/* ---- a map -------------------------------------------------------------- */

static int open_map(struct pkgread *r, const struct proc *proc)
{
	int rc;

	if (proc->pkg_map == NULL)
		return -KM_EREADY;
	r->segment = proc->pkg_segment;
	rc = segment_map_readonly(&r->segment, &r->map);
	return rc == 0 ? view_open_map(r->map, proc->pkg_size, &r->view) : rc;
}

/* ---- either ------------------------------------------------------------- */

int pkgread_open(struct pkgread **out, const struct proc *proc)
{
	struct pkgread *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return -KM_ENOMEM;
	r->fd = -1;
	rc = proc->rank == PROC_OUTSIDE ? open_memory(r, proc)
					: open_map(r, proc);
	if (rc != 0 && r->is_gone)
		rc = -KM_ECLOSED;
	*out = r;
	if (rc != 0)
		pkgread_close(out);
	return rc;
}

void pkgread_close(struct pkgread **read)
{
	struct pkgread *r = *read;

	if (r == NULL)
		return;
	if (r->view != NULL)
		view_close(&r->view);
	if (r->map != NULL)
		segment_unmap(&r->segment, r->map);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
	*read = NULL;
}

bool pkgread_is_gone(const struct pkgread *read)
{
	return read->is_gone;
}

struct view *pkgread_view(const struct pkgread *read)
{
	return read->view;
}
