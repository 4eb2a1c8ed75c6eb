/* SPDX-License-Identifier: ISC */
/* prompt.c - commands from standard input: typed, or a script. */
#include "config.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/complain.h"
#include "ctl/line.h"
#include "ctl/prompt.h"

#define HISTORY_LINES 500

static enum status run_words(
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

/* len tells a line with a NUL byte in it from one that ends there. */
static enum status run_line(struct command *command, const char *text,
    size_t len, enum command_next *next)
{
	if (strlen(text) != len) {
		complain(NULL, NULL, "a line of the script has a NUL byte");
		return STATUS_USAGE;
	}
	return run_words(command, text, next);
}

static enum status run_script(struct command *command)
{
	enum command_next next = COMMAND_GO_ON;
	enum status status = STATUS_OK;
	char *text = NULL;
	size_t size = 0;
	unsigned long number = 0;
	ssize_t len;

	while (status == STATUS_OK && next == COMMAND_GO_ON &&
	       (len = getline(&text, &size, stdin)) >= 0) {
		number++;
		status = run_line(command, text, (size_t)len, &next);
	}
	free(text);
	if (status != STATUS_OK)
		complain(NULL, NULL, "the script stops at line %lu", number);
	else if (ferror(stdin)) {
		complain(NULL, NULL, "cannot read standard input: %m");
		status = STATUS_BROKEN;
	}
	return status;
}

static char *prompt_text(EditLine *el)
{
	static char text[] = "kmemctl> ";

	return text;
}

static EditLine *editor_new(History *past)
{
	/* Where results go to a file, the prompt must not. */
	FILE *out = isatty(STDOUT_FILENO) ? stdout : stderr;
	EditLine *el = el_init("kmemctl", stdin, out, stderr);

	if (el == NULL)
		return NULL;
	el_set(el, EL_PROMPT, prompt_text);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_SIGNAL, 1); /* leave the terminal as it was */
	el_set(el, EL_HIST, history, past);
	return el;
}

static History *history_new(void)
{
	History *past = history_init();
	HistEvent event;

	if (past == NULL)
		return NULL;
	history(past, &event, H_SETSIZE, HISTORY_LINES);
	history(past, &event, H_SETUNIQUE, 1);
	return past;
}

/* Only what kmemctl itself cannot go on with ends a prompt. */
static enum status run_typed(
    struct command *command, EditLine *el, History *past)
{
	enum command_next next = COMMAND_GO_ON;
	enum status status = STATUS_OK;
	HistEvent event;
	const char *text;
	int len;

	while (status != STATUS_BROKEN && next == COMMAND_GO_ON) {
		text = el_gets(el, &len);
		if (text == NULL || len <= 0) {
			fputc('\n', stderr);
			break;
		}
		if (text[strspn(text, " \t\n")] != '\0')
			history(past, &event, H_ENTER, text);
		status = run_words(command, text, &next);
	}
	return status == STATUS_BROKEN ? status : STATUS_OK;
}

static enum status run_terminal(struct command *command)
{
	enum status status = STATUS_BROKEN;
	History *past = history_new();
	EditLine *el = NULL;

	if (past != NULL)
		el = editor_new(past);
	if (el != NULL)
		status = run_typed(command, el, past);
	else
		complain(NULL, NULL, "cannot set up line editing");
	if (el != NULL)
		el_end(el);
	if (past != NULL)
		history_end(past);
	return status;
}

enum status prompt_run(struct command *command)
{
	setlocale(LC_CTYPE, ""); /* what a character is, when editing */
	if (isatty(STDIN_FILENO))
		return run_terminal(command);
	return run_script(command);
}
