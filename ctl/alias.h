/* SPDX-License-Identifier: ISC */
/* alias.h - the short words that kmemctl itself knows. */
#ifndef CTL_ALIAS_H
#define CTL_ALIAS_H
#include <stdio.h>

struct alias {
	const char *name;   /* NULL ends the table */
	int arguments;	    /* how many must follow; -1: any number */
	const char *method; /* NULL: leave the prompt */
	const char *usage;  /* as --help shows it */
};

/* The row for a word followed by so many arguments; NULL: it is no alias. */
const struct alias *alias_find(const char *name, size_t arguments);

/* All of them with what they stand for, a line each. */
void alias_print(FILE *out);

#endif
