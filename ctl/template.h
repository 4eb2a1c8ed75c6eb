/* SPDX-License-Identifier: ISC */
/* template.h - the text of --format, cut into what is printed as it is and %v.
 */
#ifndef CTL_TEMPLATE_H
#define CTL_TEMPLATE_H
/*
 * %v is a place for a value, %% a percent sign, \n \t \\ what they are in C.
 * There is nothing else: a template that has been checked can be read without
 * looking for errors.
 */
#include <stdbool.h>
#include <stdio.h>

/* Returns 0; -KM_EINVAL and *why, a constant that says what is wrong. */
int template_check(const char *text, const char **why);

/* Whether a checked template has a place for a value. */
bool template_has_place(const char *text);

/*
 * Print a checked template from *at up to its next place, which *at is then
 * after, or to its end. Returns whether it was a place.
 */
bool template_to_place(FILE *out, const char **at);

#endif
