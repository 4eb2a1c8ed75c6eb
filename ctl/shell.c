/* SPDX-License-Identifier: ISC */
/* shell.c - answers shells that complete a command line of kmemctl. */
#include "config.h"

#include <stdio.h>

#include "ctl/candidates.h"
#include "ctl/complete.h"
#include "ctl/options.h"
#include "ctl/shell.h"

/* The options are read as they will be, without the word being typed: it may
 * be the value of one, about which only the shell knows something. */
static void complete(
    int count, char **words, char *typed, struct candidates *candidates)
{
	struct options options;

	if (options_parse(count, words, &options) != 0)
		return;
	if (options.count > 0)
		complete_command(options.socket, options.count + 1,
		    options.words, candidates);
	else if (*typed == '-')
		options_complete(candidates);
	else
		complete_command(options.socket, 1, &typed, candidates);
}

static void print(const struct candidates *candidates)
{
	for (size_t i = 0; i < candidates_count(candidates); i++) {
		const char *about = candidates_about(candidates, i);

		fputs(candidates_word(candidates, i), stdout);
		if (about != NULL)
			printf("\t%s", about);
		fputc('\n', stdout);
	}
}

enum status shell_complete(int count, char **words)
{
	struct candidates *candidates;
	char nothing[] = "";
	char *typed = count > 1 ? words[count - 1] : nothing;

	if (freopen("/dev/null", "w", stderr) == NULL ||
	    candidates_new(typed, &candidates) != 0)
		return STATUS_BROKEN;
	complete(count > 1 ? count - 1 : 1, words, typed, candidates);
	print(candidates);
	candidates_free(&candidates);
	return fflush(stdout) == 0 ? STATUS_OK : STATUS_BROKEN;
}
