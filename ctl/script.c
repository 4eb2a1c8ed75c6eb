/* SPDX-License-Identifier: ISC */
/* script.c - commands from a standard input that is no terminal. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/complain.h"
#include "ctl/script.h"

/* len tells a line with a NUL byte in it from one that ends there. */
static enum status run_line(struct command *command, const char *text,
    size_t len, enum command_next *next)
{
	if (strlen(text) == len)
		return command_run_line(command, text, next);
	complain(NULL, NULL, "there is a NUL byte in it");
	return STATUS_USAGE;
}

/* Where kmemctl itself could not go on, no line after it could. */
static bool goes_on(
    enum options_on_error on_error, enum status first, enum status last)
{
	if (last == STATUS_BROKEN)
		return false;
	return first == STATUS_OK || on_error == OPTIONS_GO_ON;
}

enum status script_run(struct command *command, enum options_on_error on_error)
{
	enum status first = STATUS_OK, last = STATUS_OK;
	enum command_next next = COMMAND_GO_ON;
	unsigned long number = 0;
	char *text = NULL;
	size_t size = 0;
	ssize_t len;

	while (goes_on(on_error, first, last) && next == COMMAND_GO_ON &&
	       (len = getline(&text, &size, stdin)) >= 0) {
		complain_of_line(++number);
		last = run_line(command, text, (size_t)len, &next);
		if (first == STATUS_OK)
			first = last;
	}
	free(text);
	complain_of_line(0);
	if (!ferror(stdin))
		return first;
	complain(NULL, NULL, "cannot read standard input: %m");
	return first == STATUS_OK ? STATUS_BROKEN : first;
}
