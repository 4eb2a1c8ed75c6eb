/* SPDX-License-Identifier: ISC */
/* run.c - kmemctl from its command line to its exit status. */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/complain.h"
#include "ctl/options.h"
#include "ctl/prompt.h"
#include "ctl/run.h"
#include "ctl/script.h"
#include "ctl/shell.h"
#include "ctl/terminal.h"

#define OUTPUT_BUFFER (64 * 1024) /* bytes */

/* A descriptor 0, 1 or 2 that the caller has closed would become the socket,
 * and results would be written to the server. Opened the wrong way round, so
 * that using it fails. */
static void occupy_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

static enum status run(const struct options *options)
{
	struct command *command;
	enum status status;

	if (command_new(options, &command) != 0) {
		complain(NULL, NULL, "out of memory");
		return STATUS_BROKEN;
	}
	if (options->count > 0)
		status =
		    command_run(command, options->count, options->words, NULL);
	else if (terminal_is(stdin))
		status = prompt_run(command, options->socket);
	else
		status = script_run(command, options->on_error);
	command_free(&command);
	return status;
}

static enum status show(void (*print)(FILE *out))
{
	print(stdout);
	if (fflush(stdout) == 0)
		return STATUS_OK;
	complain(NULL, NULL, "cannot write: %m");
	return STATUS_BROKEN;
}

enum status run_kmemctl(int argc, char **argv)
{
	struct options options;

	occupy_standard_descriptors();
	signal(SIGPIPE, SIG_IGN); /* a lost reader is an error to report */
	/* On a terminal too: all that is written is flushed, and checked. */
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	if (argc > 1 && strcmp(argv[1], OPTIONS_COMPLETE) == 0)
		return shell_complete(argc - 1, argv + 1);
	if (options_parse(argc, argv, &options) != 0)
		return STATUS_USAGE;
	return options.show != NULL ? show(options.show) : run(&options);
}
