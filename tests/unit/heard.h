/* SPDX-License-Identifier: ISC */
/* heard.h - keeps what was logged, for tests that look at messages. */
#ifndef KMEM_TESTS_HEARD_H
#define KMEM_TESTS_HEARD_H
/*
 * Lifetime: heard_start() to the end of the test. Concurrency: one thread.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"

static struct {
	char text[16384]; /* all lines, each with its newline */
	size_t len;
} heard;

static inline void heard_line(int level, const char *text)
{
	size_t room = sizeof(heard.text) - heard.len;
	int n = snprintf(heard.text + heard.len, room, "%s\n", text);

	if (n > 0 && (size_t)n < room)
		heard.len += (size_t)n;
}

/* Forget what was heard and listen. */
static inline void heard_start(void)
{
	heard.text[0] = '\0';
	heard.len = 0;
	km_log_set_writer(heard_line);
}

#endif
