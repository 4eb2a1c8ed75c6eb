/* SPDX-License-Identifier: ISC */
/* reexec.c - the next program in the place of this one. */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/reexec.h"

static struct {
	char path[PATH_MAX];
	char **args; /* copies: a title is written over the first ones */
	int cwd;
	bool wanted;
} self = { .cwd = -1 };

void reexec_init(int argc, char **argv)
{
	ssize_t len = readlink("/proc/self/exe", self.path, PATH_MAX - 1);

	if (len > 0)
		self.path[len] = '\0';
	self.cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	self.args = calloc((size_t)argc + 1, sizeof(*self.args));
	for (int i = 0; self.args != NULL && i < argc; i++)
		self.args[i] = strdup(argv[i]);
}

int reexec_check(void)
{
	return access(self.path, X_OK) == 0 ? 0 : -KM_ESYS;
}

const char *reexec_path(void)
{
	return self.path;
}

void reexec_want(void)
{
	self.wanted = true;
}

bool reexec_is_wanted(void)
{
	return self.wanted;
}

/* A stop blocks all signals in the end, and exec keeps that. */
void reexec_now(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	if (self.cwd >= 0 && fchdir(self.cwd) == 0 && self.args != NULL)
		execv(self.path, self.args);
	LM_CRIT("cannot run %s: %m", self.path);
}
