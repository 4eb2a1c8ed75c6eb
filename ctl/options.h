/* SPDX-License-Identifier: ISC */
/* options.h - the command line of kmemctl. */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H
/*
 * Options end at the first word that is none: the method. What follows it
 * are arguments as typed, -5 too. Without a method -h is --help.
 */
#include <stddef.h>
#include <stdio.h>

#include "ctl/writer.h"

struct candidates;

/* What a script does after an error. */
enum options_on_error {
	OPTIONS_STOP,
	OPTIONS_GO_ON, /* -k */
	OPTIONS_ON_ERROR__COUNT
};

struct options {
	const char *socket; /* -s, else KMEMD_SOCK, else the default */
	int timeout_ms;
	struct writer_style style;
	enum options_on_error on_error;
	void (*show)(FILE *out); /* not NULL: only do this (--help, -v) */
	size_t count;		 /* the method and its arguments, maybe 0 */
	char **words;		 /* borrowed from argv */
};

/* What comes first when a shell asks: see shell.h. */
#define OPTIONS_COMPLETE "--complete"

/* Returns 0 and *options; -KM_EINVAL: said why on stderr. */
int options_parse(int argc, char **argv, struct options *options);

/* Their names, without a value. */
void options_complete(struct candidates *candidates);

#endif
