/* SPDX-License-Identifier: ISC */
/* script.h - commands from a standard input that is no terminal. */
#ifndef CTL_SCRIPT_H
#define CTL_SCRIPT_H
#include "ctl/options.h"
#include "ctl/status.h"

struct command;

/*
 * Run line by line, up to the first error or, with OPTIONS_GO_ON, to the end.
 * Messages say in which line. Returns the status of the first error.
 */
enum status script_run(struct command *command, enum options_on_error on_error);

#endif
