/* SPDX-License-Identifier: ISC */
/* complete.h - what could be typed next: asked from the running service. */
#ifndef CTL_COMPLETE_H
#define CTL_COMPLETE_H
/*
 * The prompt and all shells use this. Questions have a connection of their
 * own, since one that is not answered in time is lost, and a time that nobody
 * takes for a hang. Without a service there are fewer candidates; nothing is
 * ever said about it.
 */
#include <stddef.h>

struct candidates;

/*
 * For the last of count words, at least one, of a command: add what could
 * stand there. The words before it are a command as command_run() takes it.
 */
void complete_command(const char *socket, size_t count, char *const *words,
    struct candidates *candidates);

#endif
