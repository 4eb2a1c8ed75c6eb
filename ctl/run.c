/* SPDX-License-Identifier: ISC */
/* run.c - kmemctl from its command line to its exit status. */
#include "config.h"

#include <fcntl.h>
#include <signal.h>

#include "ctl/command.h"
#include "ctl/complain.h"
#include "ctl/options.h"
#include "ctl/prompt.h"
#include "ctl/run.h"

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
	if (options->count == 0)
		status = prompt_run(command);
	else
		status =
		    command_run(command, options->count, options->words, NULL);
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
	if (options_parse(argc, argv, &options) != 0)
		return STATUS_USAGE;
	return options.show != NULL ? show(options.show) : run(&options);
}
