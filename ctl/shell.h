/* SPDX-License-Identifier: ISC */
/* shell.h - answers shells that complete a command line of kmemctl. */
#ifndef CTL_SHELL_H
#define CTL_SHELL_H
#include "ctl/status.h"

/*
 * words are --complete and the words of a command line after its first, the
 * last of them being typed. Print what could stand for it, one a line, maybe
 * with a tab and what it is. Silent when it does not know: STATUS_OK, or
 * STATUS_BROKEN.
 */
enum status shell_complete(int count, char **words);

#endif
