/* SPDX-License-Identifier: ISC */
/* alias.c - the short words that kmemctl itself knows. */
#include "config.h"

#include <string.h>

#include "ctl/alias.h"

static const struct alias rows[] = {
	{ "help", 0, "system.listMethods", "help" },
	{ "help", -1, "system.methodHelp", "help NAME" },
	{ "ls", -1, "system.listMethods", "ls" },
	{ "ps", -1, "core.psx", "ps" },
	{ "version", -1, "core.version", "version" },
	{ "exit", -1, NULL, "exit" },
	{ "quit", -1, NULL, "quit" },
	{ NULL },
};

const struct alias *alias_find(const char *name, size_t arguments)
{
	for (const struct alias *a = rows; a->name != NULL; a++)
		if (strcmp(a->name, name) == 0 &&
		    (a->arguments < 0 || (size_t)a->arguments == arguments))
			return a;
	return NULL;
}

void alias_print(FILE *out)
{
	for (const struct alias *a = rows; a->name != NULL; a++)
		fprintf(out, "  %-22s %s\n", a->usage,
		    a->method != NULL ? a->method : "leave the prompt");
}
