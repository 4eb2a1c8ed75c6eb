/* SPDX-License-Identifier: ISC */
/* options.h - the command line of kmemd. */
#ifndef KMEMD_OPTIONS_H
#define KMEMD_OPTIONS_H
/*
 * One table row per option feeds getopt_long() and --help.  Options that stand
 * for a parameter (-m, -o name=value ...) store it at once and pin it, so that
 * the configuration file, read later, does not change it.
 *
 * Lifetime: struct options borrows from argv (call title_init() before).
 * Concurrency: the main thread.
 */
#include <stdbool.h>

#include "daemon/conf.h"
#include "daemon/param.h"

enum options_action {
	OPTIONS_RUN,
	OPTIONS_CHECK,	   /* -c: read the configuration, say it is good */
	OPTIONS_HELP,	   /* -h: options_print_help() */
	OPTIONS_HELP_CONF, /* --help-conf: param_print_table() */
	OPTIONS_VERSION,   /* -v: options_print_version() */
};

/* Exit status of kmemd. */
enum options_status {
	OPTIONS_EXIT_OK = 0,
	OPTIONS_EXIT_FAILED = 1, /* a wrong value, or no start */
	OPTIONS_EXIT_USAGE = 2,	 /* no such option */
};

struct options {
	enum options_action action;
	const char *conf_path;	  /* for conf_load() */
	enum conf_need conf_need; /* required when -f names it */
	bool foreground;	  /* -D */
	bool log_stderr;	  /* -E */
	bool pinned[P__COUNT];	  /* parameters that the command line has set */
};

/*
 * Parse; param_init() has been called. Returns 0; -KM_EINVAL: no such option
 * (exit status 2); -KM_ERANGE: a bad value (exit status 1). Logged.
 */
int options_parse(int argc, char **argv, struct options *opt);

/* The exit status that belongs to what options_parse() returned. */
int options_exit_status(int rc);

void options_print_help(void);
void options_print_version(void);

#endif
