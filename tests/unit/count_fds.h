/* SPDX-License-Identifier: ISC */
/* count_fds.h - how many descriptors this process has open. */
#ifndef TESTS_COUNT_FDS_H
#define TESTS_COUNT_FDS_H
#include <dirent.h>
#include <stddef.h>

static inline int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

#endif
