/* SPDX-License-Identifier: ISC */
/* good.h - what a test sees of the module good. */
#ifndef KMEM_TESTS_GOOD_H
#define KMEM_TESTS_GOOD_H
/*
 * good_look() fills the numbers in and lets the module write to trace from
 * then on; the state must outlive the module. Concurrency: one thread.
 */
#define GOOD_TRACE_SIZE 256 /* bytes, the final NUL included */
#define GOOD_MOTTO_SIZE 11  /* as well */

struct km_var;

struct good_state {
	int number;
	const char *text;
	const struct km_var *gauge, *motto; /* its variables */
	char trace[GOOD_TRACE_SIZE];
};

#endif
