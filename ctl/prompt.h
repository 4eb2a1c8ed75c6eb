/* SPDX-License-Identifier: ISC */
/* prompt.h - commands from standard input: typed, or a script. */
#ifndef CTL_PROMPT_H
#define CTL_PROMPT_H
#include "ctl/status.h"

struct command;

/*
 * On a terminal: prompt, line editing and history; errors are said and it
 * goes on. Else a script: it stops at the first error, whose status it
 * returns, and says in which line.
 */
enum status prompt_run(struct command *command);

#endif
