/* SPDX-License-Identifier: ISC */
/* command.h - a command: a word for a method or an alias, and arguments. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H
/* Lifetime: until freed. Concurrency: one thread. */
#include <stddef.h>

#include "ctl/status.h"

struct options;
struct command;

/* What a command leads to, beyond its status. */
enum command_next {
	COMMAND_GO_ON,
	COMMAND_LEAVE, /* it was exit or quit */
	COMMAND_NEXT__COUNT
};

/* All that commands share. options are borrowed. 0, or -KM_ENOMEM. */
int command_new(const struct options *options, struct command **command);
void command_free(struct command **command);

/*
 * Run one of count words, at least one. Says on stderr what goes wrong.
 * next may be NULL where there is nothing to leave: that is refused, then.
 */
enum status command_run(struct command *command, size_t count,
    char *const *words, enum command_next *next);

/* The same of a line as typed, which may be empty. next is not NULL. */
enum status command_run_line(
    struct command *command, const char *text, enum command_next *next);

#endif
