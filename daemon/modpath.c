/* SPDX-License-Identifier: ISC */
/* modpath.c - finds the file of a module. */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/modpath.h"
#include "daemon/param.h"

/* DIR/name or DIR/name.so, the first that is there. *path is NULL: neither. */
static int try_dir(const char *dir, size_t len, const char *name, char **path)
{
	static const char *const tails[] = { "", ".so" };

	*path = NULL;
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		char *file;

		if (asprintf(&file, "%.*s%s%s%s", (int)len, dir,
			len > 0 ? "/" : "", name, tails[i]) < 0)
			return -KM_ENOMEM;
		if (access(file, F_OK) == 0) {
			*path = file;
			return 0;
		}
		free(file);
	}
	return 0;
}

static int search(const char *dirs, const char *name, char **path)
{
	int rc = 0;

	*path = NULL;
	while (rc == 0 && *path == NULL) {
		size_t len = strcspn(dirs, ":");

		if (len > 0) /* an empty folder would be the current one */
			rc = try_dir(dirs, len, name, path);
		if (dirs[len] == '\0')
			break;
		dirs += len + 1;
	}
	return rc;
}

int modpath_find(const char *name, char **path, char *why, size_t size)
{
	bool has_slash = strchr(name, '/') != NULL;
	int rc;

	*path = NULL;
	if (*name == '\0') {
		snprintf(why, size, "the name of the module is empty");
		return -KM_EINVAL;
	}
	if (has_slash)
		rc = try_dir("", 0, name, path);
	else
		rc = search(param_string(P_MODULE_PATH), name, path);
	if (rc < 0) {
		snprintf(why, size, "out of memory");
		return rc;
	}
	if (*path != NULL)
		return 0;
	if (has_slash)
		snprintf(why, size, "module %s: there is no such file", name);
	else
		snprintf(why, size,
		    "module %s: not found in %s; set module_path, before this "
		    "line, or give a path",
		    name, param_string(P_MODULE_PATH));
	return -KM_ENOENT;
}
