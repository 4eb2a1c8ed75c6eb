/* SPDX-License-Identifier: ISC */
/* alias.c - the short words that kmemctl itself knows. */
#include "config.h"

#include <string.h>

#include "ctl/alias.h"
#include "ctl/candidates.h"

#define SIGNATURE "system.methodSignature"

static const struct alias rows[] = {
	{ "help", 0, ALIAS_CALL, "system.listMethods", NULL, "help",
	    "all methods" },
	{ "help", -1, ALIAS_CALL, "system.methodHelp", SIGNATURE, "help NAME",
	    "what a method takes and is for" },
	{ "ls", -1, ALIAS_CALL, "system.listMethods", NULL, "ls",
	    "system.listMethods" },
	{ "ps", -1, ALIAS_CALL, "core.psx", NULL, "ps", "core.psx" },
	{ "who", -1, ALIAS_CALL, "ctl.who", NULL, "who", "ctl.who" },
	{ "uptime", -1, ALIAS_CALL, "core.uptime", NULL, "uptime",
	    "core.uptime" },
	{ "version", -1, ALIAS_CALL, "core.version", NULL, "version",
	    "core.version" },
	{ "watch", -1, ALIAS_WATCH, NULL, NULL, "watch METHOD",
	    "METHOD [-n SECONDS] [-c COUNT], with what changes" },
	{ "run", -1, ALIAS_RUN, NULL, NULL, "run -- PROGRAM ...",
	    "PROGRAM, its malloc() in a pkg pool" },
	{ "exit", -1, ALIAS_LEAVE, NULL, NULL, "exit", "leave the prompt" },
	{ "quit", -1, ALIAS_LEAVE, NULL, NULL, "quit", "leave the prompt" },
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
		fprintf(out, "  %-24s %s\n", a->usage, a->about);
}

void alias_complete(struct candidates *candidates)
{
	for (const struct alias *a = rows; a->name != NULL; a++)
		candidates_add(candidates, a->name, a->about);
}
