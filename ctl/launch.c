/* SPDX-License-Identifier: ISC */
/* launch.c - a program whose malloc() is libkmem's. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/complain.h"
#include "ctl/launch.h"

#define LIBRARY	       "libkmem_preload.so"
#define ATTACH_DEFAULT KMEMD_RUNDIR "/attach.sock"

/* Where it may be, from the folder of kmemctl: not installed yet; moved. */
static const char *const places[] = {
	"/../libclient/.libs/" LIBRARY,
	"/../lib/" LIBRARY,
};

static bool is_readable(const char *path)
{
	return access(path, R_OK) == 0;
}

/* The folder of this program; "": it cannot be told. */
static void own_folder(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
}

static bool find_at(const char *folder, const char *place, char *library)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", folder, place);
	return realpath(path, library) != NULL && is_readable(library);
}

/* The absolute path of the library, of PATH_MAX bytes. */
static enum status find_library(char *library)
{
	char folder[PATH_MAX];

	own_folder(folder, sizeof(folder));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (find_at(folder, places[i], library))
			return STATUS_OK;
	if (find_at(KMEMD_LIBDIR, "/" LIBRARY, library))
		return STATUS_OK;
	complain("run", "it is installed with kmemctl",
	    "there is no " LIBRARY " in " KMEMD_LIBDIR " or beside %s", folder);
	return STATUS_BROKEN;
}

/* Before what is there already; the linker splits at spaces and colons. */
static enum status set_preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *list = NULL;
	int rc;

	if (strpbrk(library, " :") != NULL) {
		complain("run", "no path with a space or a colon can be",
		    "%s cannot be preloaded", library);
		return STATUS_BROKEN;
	}
	if (others == NULL || *others == '\0')
		rc = asprintf(&list, "%s", library);
	else
		rc = asprintf(&list, "%s:%s", library, others);
	if (rc >= 0)
		rc = setenv("LD_PRELOAD", list, 1);
	/* Empty on purpose: it is not to attach. */
	if (rc >= 0)
		rc = setenv("KMEMD_ATTACH", ATTACH_DEFAULT, 0);
	if (rc < 0)
		complain("run", NULL, "out of memory");
	free(list);
	return rc >= 0 ? STATUS_OK : STATUS_BROKEN;
}

/* Of what execvp() says most. */
static const char *remedy(int error)
{
	switch (error) {
	case ENOENT:
		return "give its path, or have its folder in PATH; a script "
		       "may name an interpreter that is not there";
	case EACCES:
	case ENOEXEC:
		return "is it a program, with the permission to run it?";
	default:
		return NULL;
	}
}

enum status launch_run(size_t count, char *const *words)
{
	char library[PATH_MAX];
	enum status status;

	if (count > 0 && strcmp(words[0], "--") == 0) {
		count--;
		words++;
	}
	if (count == 0) {
		complain("run", "kmemctl run -- PROGRAM ARGUMENT ...",
		    "which program?");
		return STATUS_USAGE;
	}
	status = find_library(library);
	if (status == STATUS_OK)
		status = set_preload(library);
	if (status != STATUS_OK)
		return status;
	signal(SIGPIPE, SIG_DFL); /* as it was: it would be inherited */
	execvp(words[0], words);
	complain("run", remedy(errno), "cannot run %s: %m", words[0]);
	return STATUS_USAGE;
}
