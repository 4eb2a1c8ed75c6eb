/* SPDX-License-Identifier: ISC */
/* prompt.c - commands that somebody types. */
#include "config.h"

#include <stdio.h>

#include "ctl/command.h"
#include "ctl/complain.h"
#include "ctl/editor.h"
#include "ctl/interrupt.h"
#include "ctl/prompt.h"

static enum status run_lines(struct command *command, struct editor *editor)
{
	enum command_next next = COMMAND_GO_ON;
	enum status status = STATUS_OK;
	const char *line;

	while (status != STATUS_BROKEN && next == COMMAND_GO_ON) {
		line = editor_read(editor);
		if (line == NULL) {
			fputc('\n', stderr);
			break;
		}
		interrupt_take(); /* one that came too late for the last */
		status = command_run_line(command, line, &next);
		if (interrupt_take())
			complain(NULL, NULL, "interrupted");
	}
	return status == STATUS_BROKEN ? status : STATUS_OK;
}

enum status prompt_run(struct command *command, const char *socket)
{
	struct editor *editor;
	enum status status;

	if (editor_new(socket, &editor) != 0) {
		complain(NULL, NULL, "cannot set up line editing");
		return STATUS_BROKEN;
	}
	if (interrupt_catch() != 0)
		complain(NULL, NULL, "^C will leave: %m");
	status = run_lines(command, editor);
	editor_free(&editor);
	return status;
}
