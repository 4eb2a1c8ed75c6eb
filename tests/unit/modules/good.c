/* SPDX-License-Identifier: ISC */
/* good.c - a module that counts what is done to it. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "daemon/module.h"
#include "good.h"

static int number = 5;
static const char *text = "default";
static char *trace; /* where the test wants to read what has happened */

static void note(const char *what)
{
	if (trace != NULL)
		strncat(trace, what, GOOD_TRACE_SIZE - strlen(trace) - 1);
}

static int good_init(void)
{
	note("good-init ");
	return 0;
}

static int good_child_init(int rank, struct event_base *base)
{
	char what[64];

	snprintf(what, sizeof(what), "good-child-%d ", rank);
	note(what);
	return 0;
}

static void good_destroy(void)
{
	note("good-destroy ");
}

static const struct kmemd_module_param params[] = {
	{ "number", KMEMD_PARAM_INT, &number, "a number" },
	{ "text", KMEMD_PARAM_STRING, &text, "a text" },
	{ NULL },
};

KMEMD_EXPORTS = { KMEMD_MODULE_ABI, "good", "1.0", params, good_init,
	good_child_init, good_destroy };

/* The test's way in. */
KM_API void good_look(struct good_state *state);

void good_look(struct good_state *state)
{
	state->number = number;
	state->text = text;
	trace = state->trace;
}
