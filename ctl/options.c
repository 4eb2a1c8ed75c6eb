/* SPDX-License-Identifier: ISC */
/* options.c - the command line of kmemctl. */
#include "config.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ctl/alias.h"
#include "ctl/candidates.h"
#include "ctl/complain.h"
#include "ctl/options.h"
#include "ctl/status.h"
#include "ctl/template.h"

#define SOCKET_DEFAULT	KMEMD_RUNDIR "/kmemd.sock"
#define TIMEOUT_DEFAULT 10    /* seconds */
#define TIMEOUT_MAX	86400 /* seconds: fits an int in milliseconds */

#define HUMAN_LETTER 'h' /* without METHOD it asks for help */

#define TEXT(x)	 TEXT_(x)
#define TEXT_(x) #x

struct row {
	const char *name;
	char letter; /* 0: it has none */
	const char *argument;
	int (*set)(struct options *options, const char *value);
	const char *help;
};

static int set_socket(struct options *options, const char *value)
{
	options->socket = value;
	return 0;
}

static int set_json(struct options *options, const char *value)
{
	options->style.form = WRITER_JSON;
	return 0;
}

static int set_format(struct options *options, const char *value)
{
	const char *why;
	int rc = template_check(value, &why);

	if (rc != 0)
		complain("--format", "it knows %v %% \\n \\t \\\\", "%s", why);
	options->style.form = WRITER_TEMPLATE;
	options->style.template = value;
	return rc;
}

static int set_human(struct options *options, const char *value)
{
	options->style.human = true;
	return 0;
}

static int set_lines(struct options *options, const char *value)
{
	options->style.lines = true;
	return 0;
}

static int set_keep_going(struct options *options, const char *value)
{
	options->on_error = OPTIONS_GO_ON;
	return 0;
}

static int set_timeout(struct options *options, const char *value)
{
	char *end;
	double seconds = strtod(value, &end);

	if (end == value || *end != '\0' ||
	    !(seconds >= 0.001 && seconds <= TIMEOUT_MAX)) {
		complain("--timeout",
		    "seconds, from 0.001 to " TEXT(TIMEOUT_MAX),
		    "%s is no such time", value);
		return -KM_EINVAL;
	}
	options->timeout_ms = (int)(seconds * 1000);
	return 0;
}

static void show_help(FILE *out);
static void show_version(FILE *out);

static int set_help(struct options *options, const char *value)
{
	options->show = show_help;
	return 0;
}

static int set_version(struct options *options, const char *value)
{
	options->show = show_version;
	return 0;
}

static int set_complete(struct options *options, const char *value)
{
	complain(OPTIONS_COMPLETE, NULL, "this has to be the first word");
	return -KM_EINVAL;
}

static const struct row rows[] = {
	{ "socket", 's', "SOCKET", set_socket,
	    "kmemd's socket; else $KMEMD_SOCK, else " SOCKET_DEFAULT },
	{ "format", 'f', "TEMPLATE", set_format,
	    "print TEMPLATE with each value in turn for %v" },
	{ "human", HUMAN_LETTER, NULL, set_human,
	    "sizes and times in units, before METHOD" },
	{ "lines", 'l', NULL, set_lines,
	    "ask addr2line for sites of programs under kmemctl run" },
	{ "json", 0, NULL, set_json, "print results as JSON" },
	{ "keep-going", 'k', NULL, set_keep_going,
	    "a script goes on after an error" },
	{ "complete", 0, NULL, set_complete,
	    "what the last word could become, for shells" },
	{ "timeout", 0, "SECONDS", set_timeout,
	    "wait so long for an answer, default " TEXT(TIMEOUT_DEFAULT) },
	{ "help", 0, NULL, set_help, "print this, as -h alone does" },
	{ "version", 'v', NULL, set_version, "print the version" },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static const char *const status_texts[] = {
#define X(name, text) text,
	STATUS_ROWS(X)
#undef X
};

static void show_row(FILE *out, const struct row *row)
{
	char letter[] = { '-', row->letter, ',', ' ', '\0' };
	int used =
	    fprintf(out, "  %s--%s %s", row->letter != 0 ? letter : "    ",
		row->name, row->argument != NULL ? row->argument : "");

	fprintf(out, "%*s%s\n", used < 27 ? 27 - used : 1, "", row->help);
}

static void show_help(FILE *out)
{
	fputs("usage: kmemctl [OPTION...] METHOD [ARGUMENT...]\n"
	      "       kmemctl [OPTION...]        "
	      "(asks for lines, or reads a script)\n\n"
	      "Asks kmemd. A whole number is sent as one, anything else as a "
	      "string;\ns:5 is the string \"5\".\n\noptions, before METHOD:\n",
	    out);
	for (size_t i = 0; i < ROW_COUNT; i++)
		show_row(out, &rows[i]);
	fputs("\nshort words:\n", out);
	alias_print(out);
	fputs("\nexit status:\n", out);
	for (int i = 0; i < STATUS__COUNT; i++)
		fprintf(out, "  %d  %s\n", i, status_texts[i]);
}

static void show_version(FILE *out)
{
	fputs("kmemctl " PACKAGE_VERSION "\n", out);
}

/* The rows as getopt_long() wants them; its val is the row's number. */
struct getopt_form {
	char letters[2 * ROW_COUNT + 3];
	struct option longs[ROW_COUNT + 1];
};

static void getopt_form_init(struct getopt_form *form)
{
	char *letter = form->letters;

	*letter++ = '+'; /* options end at the method */
	*letter++ = ':'; /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < ROW_COUNT; i++) {
		int has =
		    rows[i].argument != NULL ? required_argument : no_argument;

		form->longs[i] =
		    (struct option){ rows[i].name, has, NULL, (int)i };
		if (rows[i].letter == 0)
			continue;
		*letter++ = rows[i].letter;
		if (has == required_argument)
			*letter++ = ':';
	}
	*letter = '\0';
	form->longs[ROW_COUNT] = (struct option){ NULL };
}

/* getopt_long() gives a row's number, or its letter. */
static const struct row *row_find(int c)
{
	if (c >= 0 && c < (int)ROW_COUNT)
		return &rows[c];
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].letter == c)
			return &rows[i];
	return NULL;
}

/* For a short option argv[optind] may still be the word that it is in. */
static int refuse(int c, char **argv)
{
	char letter[] = { '-', (char)optopt, '\0' };
	bool is_short = optopt > (int)ROW_COUNT;
	const char *word = is_short ? letter : argv[optind - 1];

	complain(word,
	    is_short && optopt >= '0' && optopt <= '9'
		? "a number is an argument, it follows METHOD"
		: "kmemctl --help lists the options",
	    c == ':' ? "a value must follow"
		     : "this option is not known, "
		       "or not in this form");
	return -KM_EINVAL;
}

static int parse(int argc, char **argv, struct options *options)
{
	struct getopt_form form;
	bool is_question = false;
	int c, rc;

	getopt_form_init(&form);
	opterr = 0;
	optind = 0; /* start anew, also when a test calls again */
	while ((c = getopt_long(argc, argv, form.letters, form.longs, NULL)) !=
	       -1) {
		const struct row *row = row_find(c);

		rc = row != NULL ? row->set(options, optarg) : refuse(c, argv);
		if (rc != 0)
			return rc;
		is_question |= c == HUMAN_LETTER;
	}
	if (is_question && optind == argc)
		set_help(options, NULL);
	return 0;
}

int options_parse(int argc, char **argv, struct options *options)
{
	const char *env = getenv("KMEMD_SOCK");
	int rc;

	*options = (struct options){
		.socket = env != NULL && *env != '\0' ? env : SOCKET_DEFAULT,
		.timeout_ms = TIMEOUT_DEFAULT * 1000,
		.style = { .form = WRITER_TEXT },
	};
	rc = parse(argc, argv, options);
	if (rc != 0)
		return rc;
	options->count = (size_t)(argc - optind);
	options->words = argv + optind;
	return 0;
}

void options_complete(struct candidates *candidates)
{
	char name[32];

	for (size_t i = 0; i < ROW_COUNT; i++) {
		snprintf(name, sizeof(name), "--%s", rows[i].name);
		candidates_add(candidates, name, rows[i].help);
		if (rows[i].letter == 0)
			continue;
		snprintf(name, sizeof(name), "-%c", rows[i].letter);
		candidates_add(candidates, name, rows[i].help);
	}
}
