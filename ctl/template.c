/* SPDX-License-Identifier: ISC */
/* template.c - the text of --format. */
#include "config.h"

#include <string.h>

#include "base/err.h"
#include "ctl/template.h"

#define PLACE 'v'

static const struct {
	char mark, letter, is;
} marks[] = {
	{ '%', '%', '%' },
	{ '\\', 'n', '\n' },
	{ '\\', 't', '\t' },
	{ '\\', '\\', '\\' },
};

#define MARK_COUNT (sizeof(marks) / sizeof(marks[0]))

static bool is_place(const char *at)
{
	return at[0] == '%' && at[1] == PLACE;
}

/* What a mark stands for; NUL: nothing known. */
static char meaning(const char *at)
{
	for (size_t i = 0; i < MARK_COUNT; i++)
		if (marks[i].mark == at[0] && marks[i].letter == at[1])
			return marks[i].is;
	return '\0';
}

static bool is_marked(const char *at)
{
	return at[0] == '%' || at[0] == '\\';
}

int template_check(const char *text, const char **why)
{
	*why = "the template is empty";
	if (*text == '\0')
		return -KM_EINVAL;
	*why = "the template has a % or \\ before something else";
	for (; *text != '\0'; text++) {
		if (!is_marked(text))
			continue;
		if (!is_place(text) && meaning(text) == '\0')
			return -KM_EINVAL;
		text++;
	}
	return 0;
}

bool template_has_place(const char *text)
{
	for (; *text != '\0'; text++) {
		if (is_place(text))
			return true;
		text += is_marked(text);
	}
	return false;
}

bool template_to_place(FILE *out, const char **at)
{
	const char *text = *at;
	bool found;

	for (; *text != '\0' && !is_place(text); text++) {
		fputc(is_marked(text) ? meaning(text) : *text, out);
		text += is_marked(text);
	}
	found = *text != '\0';
	*at = found ? text + 2 : text;
	return found;
}
