/* SPDX-License-Identifier: ISC */
/* alias.h - the short words that kmemctl itself knows. */
#ifndef CTL_ALIAS_H
#define CTL_ALIAS_H
#include <stddef.h>
#include <stdio.h>

struct candidates;

/* What a short word makes kmemctl do. */
enum alias_act {
	ALIAS_CALL,  /* a method, with what follows as its arguments */
	ALIAS_LEAVE, /* the prompt */
	ALIAS_WATCH, /* a method again and again: see watch.h */
	ALIAS_RUN,   /* a program: see launch.h */
	ALIAS_ACT__COUNT
};

struct alias {
	const char *name; /* NULL ends the table */
	int arguments;	  /* how many must follow; -1: any number */
	enum alias_act act;
	const char *method; /* of ALIAS_CALL */
	const char *before; /* to be called first, the same way; or NULL */
	const char *usage, *about; /* as --help shows it */
};

/* The row for a word followed by so many arguments; NULL: it is no alias. */
const struct alias *alias_find(const char *name, size_t arguments);

/* All of them with what they stand for, a line each. */
void alias_print(FILE *out);

void alias_complete(struct candidates *candidates);

#endif
