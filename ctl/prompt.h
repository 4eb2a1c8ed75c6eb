/* SPDX-License-Identifier: ISC */
/* prompt.h - commands that somebody types. */
#ifndef CTL_PROMPT_H
#define CTL_PROMPT_H
#include "ctl/status.h"

struct command;

/*
 * A prompt with line editing, completion and history, on a terminal. Errors
 * are said and it goes on: only STATUS_BROKEN ends it, as exit or the end of
 * input does. ^C gives up a line, or what a command waits for.
 */
enum status prompt_run(struct command *command, const char *socket);

#endif
