/* SPDX-License-Identifier: ISC */
/* found.c - the chunk that an earlier kmemd has left behind. */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/chunk.h"
#include "daemon/found.h"
#include "daemon/handed.h"
#include "mem/pool.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

/* FNV-1a of the path, made absolute; never 0. */
uint64_t found_service(const char *attach_socket)
{
	char path[2 * PATH_MAX], *cwd = NULL;
	uint64_t hash = 0xcbf29ce484222325;

	if (attach_socket[0] != '/')
		cwd = getcwd(NULL, 0);
	snprintf(path, sizeof(path), "%s%s%s", cwd != NULL ? cwd : "",
	    cwd != NULL ? "/" : "", attach_socket);
	free(cwd);
	for (const char *c = path; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
	return hash | 1;
}

int found_lock(int fd, pid_t *holder)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		lock.l_pid = 0;
	*holder = lock.l_pid;
	return -KM_EBUSY;
}

static bool is_locked(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

/* Of this service, and nobody's now. Its layout is not looked at. */
static bool is_it(int fd, uint64_t service)
{
	struct km_pool head;
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       (st.st_uid == 0 || st.st_uid == geteuid()) &&
	       (fcntl(fd, F_GET_SEALS) & SEALS) == SEALS &&
	       pread(fd, &head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       head.magic == POOL_MAGIC && head.kind == KM_SHM &&
	       head.service == service && !is_locked(fd);
}

/* ---- /proc -------------------------------------------------------------- */

/* Where to find it is known; by which path it can be opened is tried. */
struct search {
	uint64_t service;
	pid_t pid;
	int fd; /* -1: not found yet */
};

static void try_path(struct search *s, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	if (is_it(fd, s->service))
		s->fd = fd;
	else
		close(fd);
}

static bool is_chunk_name(const char *text)
{
	return strstr(text, "/memfd:" CHUNK_NAME " ") != NULL;
}

/* A mapped file by its addresses: for root. */
static void try_maps(struct search *s)
{
	char path[128], line[512], range[64];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)s->pid);
	maps = fopen(path, "re");
	if (maps == NULL)
		return;
	while (s->fd < 0 && fgets(line, sizeof(line), maps) != NULL) {
		if (!is_chunk_name(line) || sscanf(line, "%40s", range) != 1)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/map_files/%s",
		    (int)s->pid, range);
		try_path(s, path);
	}
	fclose(maps);
}

/* An open file: of processes of our own user. */
static void try_files(struct search *s)
{
	char path[PATH_MAX], to[256];
	const struct dirent *entry;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)s->pid);
	dir = opendir(path);
	while (dir != NULL && s->fd < 0 && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)s->pid,
		    entry->d_name);
		len = readlink(path, to, sizeof(to) - 1);
		if (len < 0)
			continue;
		to[len] = '\0';
		if (is_chunk_name(to))
			try_path(s, path);
	}
	if (dir != NULL)
		closedir(dir);
}

static bool search_proc(struct search *s)
{
	const struct dirent *entry;
	DIR *dir = opendir("/proc");

	while (dir != NULL && s->fd < 0 && (entry = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		s->pid = (pid_t)atoi(entry->d_name);
		if (s->pid == getpid())
			continue;
		try_maps(s);
		if (s->fd < 0)
			try_files(s);
	}
	if (dir != NULL)
		closedir(dir);
	return s->fd >= 0;
}

int found_open(uint64_t service, int *fd, char where[FOUND_WHERE_SIZE])
{
	struct search s = { .service = service, .fd = -1 };

	*fd = handed_take();
	if (*fd >= 0 && is_it(*fd, service)) {
		snprintf(where, FOUND_WHERE_SIZE, "%s",
		    handed_by_ourselves() ? "this process"
					  : "the service manager");
		return 1;
	}
	if (*fd >= 0)
		close(*fd);
	if (!search_proc(&s))
		return 0;
	*fd = s.fd;
	snprintf(where, FOUND_WHERE_SIZE, "pid %d", (int)s.pid);
	return 1;
}
