/* SPDX-License-Identifier: ISC */
/* options.h - the command line of kmemctl. */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H
/*
 * Options end at the first word that is none: the method. What follows it
 * are arguments as typed, -5 too.
 */
#include <stddef.h>
#include <stdio.h>

#include "ctl/writer.h"

struct options {
	const char *socket; /* -s, else KMEMD_SOCK, else the default */
	int timeout_ms;
	enum writer_form form;
	void (*show)(FILE *out); /* not NULL: only do this (-h, -v) */
	size_t count;		 /* the method and its arguments, maybe 0 */
	char **words;		 /* borrowed from argv */
};

/* Returns 0 and *options; -KM_EINVAL: said why on stderr. */
int options_parse(int argc, char **argv, struct options *options);

#endif
