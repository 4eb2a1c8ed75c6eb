/* SPDX-License-Identifier: ISC */
/* observers.c - who looks at the chunk since an earlier kmemd, without a slot.
 */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/attach_link.h"
#include "daemon/observers.h"
#include "daemon/proc.h"
#include "mem/pool.h"

#define COMM_SIZE 64 /* bytes; the kernel keeps 15 */

/* Its map of this file can only be read: a participant's can be written. */
static bool looks_at(pid_t pid, ino_t inode)
{
	char path[64], line[512], rights[8];
	unsigned long number;
	bool yes = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	while (maps != NULL && !yes && fgets(line, sizeof(line), maps) != NULL)
		yes =
		    sscanf(line, "%*s %7s %*s %*s %lu", rights, &number) == 2 &&
		    number == inode && strcmp(rights, "r--s") == 0;
	if (maps != NULL)
		fclose(maps);
	return yes;
}

/* What it says of itself when it attaches is not known: its name is. */
static void read_name(pid_t pid, char name[COMM_SIZE])
{
	char path[64];
	FILE *comm;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	comm = fopen(path, "re");
	if (comm == NULL || fgets(name, COMM_SIZE, comm) == NULL)
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	if (comm != NULL)
		fclose(comm);
}

/* The pidfd comes first: then the pid is nobody else's. */
static void look_at(pid_t pid, ino_t inode)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	char path[64], name[COMM_SIZE];
	struct stat st;

	if (pidfd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (!looks_at(pid, inode) || stat(path, &st) != 0) {
		close(pidfd);
		return;
	}
	read_name(pid, name);
	attach_link_adopt(pidfd, pid, st.st_uid, POOL_NO_SLOT, name);
}

void observers_adopt(int fd)
{
	const struct dirent *entry;
	struct stat chunk;
	DIR *dir;
	pid_t pid;

	if (fstat(fd, &chunk) != 0)
		return;
	dir = opendir("/proc");
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		pid = isdigit((unsigned char)entry->d_name[0])
			  ? (pid_t)atoi(entry->d_name)
			  : 0;
		if (pid > 0 && pid != getpid() && proc_by_pid(pid) == NULL)
			look_at(pid, chunk.st_ino);
	}
	if (dir != NULL)
		closedir(dir);
}
