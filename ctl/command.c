/* SPDX-License-Identifier: ISC */
/* command.c - a command: a word for a method or an alias, and arguments. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ctl/alias.h"
#include "ctl/call.h"
#include "ctl/command.h"
#include "ctl/complain.h"
#include "ctl/connection.h"
#include "ctl/interrupt.h"
#include "ctl/launch.h"
#include "ctl/line.h"
#include "ctl/options.h"
#include "ctl/terminal.h"
#include "ctl/watch.h"
#include "ctl/words.h"
#include "ctl/writer.h"

struct command {
	struct connection *connection;
	struct writer_style style;
	struct writer *writer;
};

/* On a terminal somebody reads it. */
static struct writer_style style_of(const struct options *options)
{
	struct writer_style style = options->style;

	if (style.form == WRITER_JSON && terminal_is(stdout))
		style.form = WRITER_PRETTY;
	style.colour =
	    style.form != WRITER_TEMPLATE && terminal_has_colour(stdout);
	return style;
}

int command_new(const struct options *options, struct command **command)
{
	int rc;

	*command = calloc(1, sizeof(**command));
	if (*command == NULL)
		return -KM_ENOMEM;
	(*command)->style = style_of(options);
	rc = connection_new(
	    options->socket, options->timeout_ms, &(*command)->connection);
	if (rc == 0)
		rc =
		    writer_new(&(*command)->style, stdout, &(*command)->writer);
	if (rc != 0)
		command_free(command);
	return rc;
}

void command_free(struct command **command)
{
	if (*command == NULL)
		return;
	connection_free(&(*command)->connection);
	writer_free(&(*command)->writer);
	free(*command);
	*command = NULL;
}

static enum status leave(const char *name, enum command_next *next)
{
	if (next == NULL) {
		complain(name, "core.shutdown stops kmemd",
		    "there is no prompt to leave");
		return STATUS_USAGE;
	}
	*next = COMMAND_LEAVE;
	return STATUS_OK;
}

static enum status call(struct command *command, const char *method,
    size_t count, char *const *words)
{
	struct json_object *params;
	enum status status = words_params(method, count, words, &params);

	if (status != STATUS_OK)
		return status;
	return call_method(
	    command->connection, command->writer, method, params);
}

/* On the command line a signal ends it; a prompt has seen to that, and of a
 * script it ends all. */
static enum status watch(struct command *command, size_t count,
    char *const *words, const enum command_next *next)
{
	if (next == NULL && interrupt_catch() != 0) {
		complain("watch", NULL, "cannot catch signals: %m");
		return STATUS_BROKEN;
	}
	return watch_run(command->connection, &command->style, count, words);
}

/* It takes the place of this process, so of no prompt or script. */
static enum status launch(
    size_t count, char *const *words, const enum command_next *next)
{
	if (next == NULL)
		return launch_run(count, words);
	complain(
	    "run", "kmemctl run -- PROGRAM", "this is for the command line");
	return STATUS_USAGE;
}

enum status command_run(struct command *command, size_t count,
    char *const *words, enum command_next *next)
{
	const struct alias *alias = alias_find(words[0], count - 1);
	enum status status = STATUS_OK;

	if (next != NULL)
		*next = COMMAND_GO_ON;
	if (alias != NULL && alias->act == ALIAS_LEAVE)
		return leave(words[0], next);
	if (alias != NULL && alias->act == ALIAS_WATCH)
		return watch(command, count - 1, words + 1, next);
	if (alias != NULL && alias->act == ALIAS_RUN)
		return launch(count - 1, words + 1, next);
	if (alias == NULL)
		status = words_method(words[0]);
	if (status != STATUS_OK)
		return status;
	if (alias == NULL)
		return call(command, words[0], count - 1, words + 1);
	if (alias->before != NULL)
		status = call(command, alias->before, count - 1, words + 1);
	if (status != STATUS_OK)
		return status;
	return call(command, alias->method, count - 1, words + 1);
}

enum status command_run_line(
    struct command *command, const char *text, enum command_next *next)
{
	enum status status = STATUS_OK;
	struct line *line;
	const char *why;

	*next = COMMAND_GO_ON;
	if (line_split(text, &line, &why) != 0) {
		complain(NULL, NULL, "%s", why);
		return STATUS_USAGE;
	}
	if (line->count > 0)
		status = command_run(command, line->count, line->words, next);
	line_free(&line);
	return status;
}
