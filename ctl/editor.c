/* SPDX-License-Identifier: ISC */
/* editor.c - edits a line on a terminal, and completes its words. */
#include "config.h"

#include <histedit.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "ctl/candidates.h"
#include "ctl/complete.h"
#include "ctl/editor.h"
#include "ctl/line.h"
#include "ctl/past.h"
#include "ctl/terminal.h"

struct editor {
	const char *socket;
	FILE *out;
	EditLine *el;
	struct past *past;
};

static char *prompt_text(EditLine *el)
{
	static char text[] = "kmemctl> ";

	return text;
}

static struct editor *editor_of(EditLine *el)
{
	void *editor = NULL;

	el_get(el, EL_CLIENTDATA, &editor);
	return editor;
}

/* --- completion --- */

/* The longest of the words, and two blanks between them. */
static unsigned column_width(const struct candidates *found)
{
	size_t most = 0;

	for (size_t i = 0; i < candidates_count(found); i++)
		if (strlen(candidates_word(found, i)) > most)
			most = strlen(candidates_word(found, i));
	return (unsigned)most + 2;
}

/* In columns, read downwards. */
static void list(FILE *out, const struct candidates *found)
{
	unsigned rows, width, columns;
	size_t count = candidates_count(found), lines;

	terminal_size(out, &rows, &width);
	columns = (width + 2) / column_width(found); /* none after the last */
	lines = columns > 1 ? (count + columns - 1) / columns : count;
	fputc('\n', out);
	for (size_t line = 0; line < lines; line++) {
		for (size_t i = line; i < count; i += lines)
			fprintf(out, "%-*s",
			    i + lines < count ? (int)column_width(found) : 0,
			    candidates_word(found, i));
		fputc('\n', out);
	}
}

/* What all candidates go on with, and a blank after the only one. */
static unsigned char take(
    struct editor *editor, const struct candidates *found, size_t typed)
{
	size_t count = candidates_count(found);
	size_t common = candidates_common(found);
	char *more;

	if (count == 0)
		return CC_REFRESH_BEEP;
	if (count > 1 && common == typed) {
		list(editor->out, found);
		return CC_REDISPLAY;
	}
	more = strndup(candidates_word(found, 0) + typed, common - typed);
	if (more != NULL && *more != '\0')
		el_insertstr(editor->el, more);
	if (count == 1)
		el_insertstr(editor->el, " ");
	free(more);
	return CC_REFRESH;
}

static unsigned char complete_words(
    struct editor *editor, size_t count, char *const *words)
{
	const char *typed = words[count - 1];
	struct candidates *found;
	unsigned char what;

	if (candidates_new(typed, &found) != 0)
		return CC_ERROR;
	complete_command(editor->socket, count, words, found);
	what = take(editor, found, strlen(typed));
	candidates_free(&found);
	return what;
}

/* After a blank it is a new word that is being typed. */
static unsigned char complete_text(struct editor *editor, const char *text)
{
	size_t len = strlen(text);
	unsigned char what = CC_ERROR;
	char **words, empty[] = "";
	struct line *line;
	const char *why;

	if (line_split(text, &line, &why) != 0)
		return CC_REFRESH_BEEP;
	words = calloc(line->count + 1, sizeof(*words));
	if (words != NULL) {
		size_t count = line->count;

		if (count > 0)
			memcpy(words, line->words, count * sizeof(*words));
		if (len == 0 || text[len - 1] == ' ' || text[len - 1] == '\t')
			words[count++] = empty;
		if (count > 0)
			what = complete_words(editor, count, words);
	}
	free(words);
	line_free(&line);
	return what;
}

static unsigned char on_tab(EditLine *el, int ch)
{
	const LineInfo *info = el_line(el);
	char *text =
	    strndup(info->buffer, (size_t)(info->cursor - info->buffer));
	unsigned char what =
	    text != NULL ? complete_text(editor_of(el), text) : CC_ERROR;

	free(text);
	return what;
}

/* --- the line --- */

/* Gives up the line: an empty one is read instead. */
static unsigned char on_interrupt(EditLine *el, int ch)
{
	const LineInfo *info = el_line(el);
	int len = (int)(info->lastchar - info->buffer);
	static char newline[] = "\n";

	/* What is right of the cursor is there already: moves it to the end. */
	fprintf(editor_of(el)->out, "%.*s^C",
	    (int)(info->lastchar - info->cursor), info->cursor);
	el_cursor(el, (int)(info->lastchar - info->cursor));
	el_deletestr(el, len);
	el_push(el, newline);
	return CC_NORM;
}

/* As the terminal would do it: whoever started kmemctl in a shell function or
 * a pipe is stopped with it. */
static unsigned char on_suspend(EditLine *el, int ch)
{
	kill(0, SIGTSTP);
	return CC_REFRESH;
}

/* Of names that are not wide, libedit would lose a copy. */
static void bind_keys(EditLine *el)
{
	el_wset(el, EL_ADDFN, L"kmemctl-complete", L"complete a word", on_tab);
	el_set(el, EL_BIND, "^I", "kmemctl-complete", NULL);
	/* While editing, ^C and ^Z come as keys. */
	el_set(el, EL_SETTY, "-d", "-isig", NULL);
	el_wset(el, EL_ADDFN, L"kmemctl-give-up", L"give up the line",
	    on_interrupt);
	el_set(el, EL_BIND, "^C", "kmemctl-give-up", NULL);
	el_wset(el, EL_ADDFN, L"kmemctl-suspend", L"stop kmemctl", on_suspend);
	el_set(el, EL_BIND, "^Z", "kmemctl-suspend", NULL);
	el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
}

static EditLine *el_new(struct editor *editor)
{
	EditLine *el = el_init("kmemctl", stdin, editor->out, stderr);

	if (el == NULL)
		return NULL;
	el_set(el, EL_CLIENTDATA, editor);
	el_set(el, EL_PROMPT, prompt_text);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_SIGNAL, 1); /* leave the terminal as it was */
	el_set(el, EL_HIST, history, past_history(editor->past));
	bind_keys(el);
	return el;
}

int editor_new(const char *socket, struct editor **editor)
{
	int rc;

	setlocale(LC_CTYPE, ""); /* what a character is, when editing */
	*editor = calloc(1, sizeof(**editor));
	if (*editor == NULL)
		return -KM_ENOMEM;
	(*editor)->socket = socket;
	/* Where results go to a file, the prompt must not. */
	(*editor)->out = terminal_is(stdout) ? stdout : stderr;
	rc = past_new(&(*editor)->past);
	if (rc == 0) {
		(*editor)->el = el_new(*editor);
		rc = (*editor)->el != NULL ? 0 : -KM_ENOMEM;
	}
	if (rc != 0)
		editor_free(editor);
	return rc;
}

void editor_free(struct editor **editor)
{
	if (*editor == NULL)
		return;
	if ((*editor)->el != NULL)
		el_end((*editor)->el);
	past_free(&(*editor)->past);
	free(*editor);
	*editor = NULL;
}

const char *editor_read(struct editor *editor)
{
	int len;
	const char *text = el_gets(editor->el, &len);

	if (text == NULL || len <= 0)
		return NULL;
	if (text[strspn(text, " \t\n")] != '\0')
		past_add(editor->past, text);
	return text;
}
