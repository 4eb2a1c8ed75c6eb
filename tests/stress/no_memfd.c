/* SPDX-License-Identifier: ISC */
/* no_memfd.c - runs a program to which the kernel gives no memfd. */
#include "config.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * usage: no_memfd PROGRAM [ARGUMENTS...]
 * memfd_create() fails with ENOSYS in it and in its children, as on a kernel
 * without. Exits with 77 where filters are not to be had.
 */
#define SKIPPED 77

static int forbid(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {
		.len = sizeof(rules) / sizeof(rules[0]),
		.filter = rules,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("usage: no_memfd PROGRAM [ARGUMENT...]\n", stderr);
		return 2;
	}
	if (forbid() != 0) {
		perror("seccomp");
		return SKIPPED;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
