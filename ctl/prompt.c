/* SPDX-License-Identifier: ISC */
/* prompt.c - commands that somebody types. */
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
#include "ctl/prompt.h"

#define HISTORY_LINES 500

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
		status = command_run_line(command, text, &next);
	}
	return status == STATUS_BROKEN ? status : STATUS_OK;
}

enum status prompt_run(struct command *command)
{
	enum status status = STATUS_BROKEN;
	History *past = history_new();
	EditLine *el = NULL;

	setlocale(LC_CTYPE, ""); /* what a character is, when editing */
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
