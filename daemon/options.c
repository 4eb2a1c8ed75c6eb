/* SPDX-License-Identifier: ISC */
/* options.c - the command line: one row per option. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/near.h"
#include "daemon/options.h"

struct row {
	int letter; /* 0: it has a long name only */
	const char *name;
	const char *argument; /* NULL: it takes none */
	enum param_id param;  /* what it is short for; P__COUNT: see take */
	int (*take)(struct options *opt, const char *arg);
	const char *help;
};

/* Store a parameter and keep the file from changing it. */
static int pin(struct options *opt, const char *option, enum param_id id,
    const char *value)
{
	char range[PARAM_TEXT_SIZE];

	if (param_set_text(id, value) < 0) {
		LM_ERR("%s: %s: \"%.100s\" is not %s", option,
		    param_row(id)->name, value,
		    param_range(id, range, sizeof(range)));
		return -KM_ERANGE;
	}
	opt->pinned[id] = true;
	return 0;
}

static int take_conf(struct options *opt, const char *arg)
{
	opt->conf_path = arg;
	opt->conf_need = CONF_REQUIRED;
	return 0;
}

static int take_check(struct options *opt, const char *arg)
{
	opt->action = OPTIONS_CHECK;
	return 0;
}

static int take_foreground(struct options *opt, const char *arg)
{
	opt->foreground = true;
	return 0;
}

static int take_stderr(struct options *opt, const char *arg)
{
	opt->log_stderr = true;
	return 0;
}

/* name=value */
static int take_set(struct options *opt, const char *arg)
{
	char name[64], hint[NEAR_HINT_SIZE];
	size_t len = strcspn(arg, "=");
	enum param_id id;

	if (arg[len] == '\0' || len == 0) {
		LM_ERR("-o %s: needs name=value", arg);
		return -KM_ERANGE;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, arg);
	id = param_find(name);
	if (id == P__COUNT || len >= sizeof(name)) {
		LM_ERR("-o %s: no such parameter, %s", arg,
		    param_hint(name, hint, sizeof(hint)));
		return -KM_ERANGE;
	}
	return pin(opt, "-o", id, arg + len + 1);
}

static int take_version(struct options *opt, const char *arg)
{
	opt->action = OPTIONS_VERSION;
	return 0;
}

static int take_help(struct options *opt, const char *arg)
{
	opt->action = OPTIONS_HELP;
	return 0;
}

static int take_help_conf(struct options *opt, const char *arg)
{
	opt->action = OPTIONS_HELP_CONF;
	return 0;
}

/* clang-format off */
static const struct row rows[] = {
	{ 'f', "config", "FILE", P__COUNT, take_conf,
	    "configuration (default " CONF_DEFAULT_PATH ")" },
	{ 'c', "check", NULL, P__COUNT, take_check,
	    "check the configuration and exit" },
	{ 'D', "foreground", NULL, P__COUNT, take_foreground,
	    "stay in the foreground" },
	{ 'E', "log-stderr", NULL, P__COUNT, take_stderr,
	    "log to standard error, not to syslog" },
	{ 'm', "shm-mem-size", "MB", P_SHM_MEM_SIZE, NULL,
	    "size of the chunk, the shared memory" },
	{ 'M', "pkg-mem-size", "MB", P_PKG_MEM_SIZE, NULL,
	    "size of the pkg pool of each process" },
	{ 'x', "shm-manager", "MGR", P_SHM_MANAGER, NULL,
	    "manager of the shm pool" },
	{ 'X', "pkg-manager", "MGR", P_PKG_MANAGER, NULL,
	    "manager of the pkg pools" },
	{ 'n', "workers", "N", P_WORKERS, NULL,
	    "number of worker processes" },
	{ 'u', "user", "USER", P_USER, NULL,
	    "run as this user, name or number" },
	{ 'g', "group", "GROUP", P_GROUP, NULL,
	    "run as this group, name or number" },
	{ 'P', "pidfile", "FILE", P_PIDFILE, NULL,
	    "write the pid there and lock it" },
	{ 'o', "set", "NAME=VALUE", P__COUNT, take_set,
	    "set a parameter, over the configuration (repeatable)" },
	{ 'v', "version", NULL, P__COUNT, take_version,
	    "print the version and exit" },
	{ 'h', "help", NULL, P__COUNT, take_help,
	    "print this and exit" },
	{ 0, "help-conf", NULL, P__COUNT, take_help_conf,
	    "print all parameters of the configuration and exit" },
};
/* clang-format on */

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))
/* What getopt_long() returns for row i: no letter is that high. */
#define ROW_VALUE(i) (256 + (int)(i))

/* What getopt_long() wants, made of the rows. */
struct getopt_form {
	char letters[2 + 2 * N_ROWS + 1];
	struct option names[N_ROWS + 1];
};

static void make_form(struct getopt_form *form)
{
	size_t at = 0;

	memset(form, 0, sizeof(*form));
	form->letters[at++] = '+'; /* stop at what is no option */
	form->letters[at++] = ':'; /* tell a missing argument apart */
	for (size_t i = 0; i < N_ROWS; i++) {
		int takes = rows[i].argument != NULL;

		form->names[i].name = rows[i].name;
		form->names[i].has_arg = takes;
		form->names[i].val = ROW_VALUE(i);
		if (rows[i].letter == 0)
			continue;
		form->letters[at++] = (char)rows[i].letter;
		if (takes)
			form->letters[at++] = ':';
	}
}

/* The row of what getopt_long() returned; NULL: '?' or ':'. */
static const struct row *find_row(int value)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (value == ROW_VALUE(i) ||
		    (rows[i].letter != 0 && value == rows[i].letter))
			return &rows[i];
	return NULL;
}

static int take_row(const struct row *row, struct options *opt, const char *arg)
{
	char option[32];

	if (row->take != NULL)
		return row->take(opt, arg);
	snprintf(option, sizeof(option), "-%c", row->letter);
	return pin(opt, option, row->param, arg);
}

/*
 * getopt_long() refuses: optopt is a letter, a row's value (a long option with
 * an argument too few or too many), or 0 (an unknown long option).
 */
static int refuse_option(int value, char **argv)
{
	char letter[3] = { '-', (char)optopt, '\0' };
	const char *name = argv[optind - 1];
	const char *why = "no such option";

	if (value == ':')
		why = "needs an argument";
	else if (optopt >= ROW_VALUE(0))
		why = "takes no argument";
	else if (optopt != 0)
		name = letter;
	LM_ERR("%s: %s; kmemd --help lists the options", name, why);
	return -KM_EINVAL;
}

int options_parse(int argc, char **argv, struct options *opt)
{
	struct getopt_form form;
	int value, rc = 0;

	memset(opt, 0, sizeof(*opt));
	opt->conf_path = CONF_DEFAULT_PATH;
	make_form(&form);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while (rc == 0 && (value = getopt_long(argc, argv, form.letters,
			       form.names, NULL)) != -1) {
		const struct row *row = find_row(value);

		rc = row != NULL ? take_row(row, opt, optarg)
				 : refuse_option(value, argv);
	}
	if (rc == 0 && optind < argc) {
		LM_ERR("%s: not an option; kmemd --help lists the options",
		    argv[optind]);
		rc = -KM_EINVAL;
	}
	return rc;
}

int options_exit_status(int rc)
{
	if (rc == 0)
		return OPTIONS_EXIT_OK;
	return rc == -KM_EINVAL ? OPTIONS_EXIT_USAGE : OPTIONS_EXIT_FAILED;
}

static void print_row(const struct row *row)
{
	char names[64];

	snprintf(names, sizeof(names), "%c%c%s --%s%s%s",
	    row->letter != 0 ? '-' : ' ', row->letter != 0 ? row->letter : ' ',
	    row->letter != 0 ? "," : " ", row->name,
	    row->argument != NULL ? "=" : "",
	    row->argument != NULL ? row->argument : "");
	printf("  %-26s %s\n", names, row->help);
}

void options_print_help(void)
{
	printf("usage: kmemd [options]\n\n"
	       "A service that owns memory shared by many processes.\n\n");
	for (size_t i = 0; i < N_ROWS; i++)
		print_row(&rows[i]);
	printf("\nExit status: 0 started (or stopped, with -D), 1 a wrong value"
	       " or no start,\n2 an unknown option.  See kmemd(8) and "
	       "kmemd.conf(5).\n");
}

void options_print_version(void)
{
	printf("%s %s\n", PACKAGE_NAME, PACKAGE_VERSION);
}
