/* SPDX-License-Identifier: ISC */
/* good.c - a module that counts what is done to it. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "daemon/module.h"
#include "good.h"

static int number = 5;
static const char *text = "default";
static struct km_var *gauge, *motto;
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

static const struct kmemd_module_var vars[] = {
	{ "gauge", KMEMD_PARAM_INT, &gauge, -3, 9, 2, NULL, KMEMD_VAR_AT_ONCE,
	    "a variable number" },
	{ "motto", KMEMD_PARAM_STRING, &motto, 1, GOOD_MOTTO_SIZE - 1, 0,
	    "begin", KMEMD_VAR_AT_START, "a read-only text" },
	{ NULL },
};

KMEMD_EXPORTS = { KMEMD_MODULE_ABI, "good", "1.0", params, good_init,
	good_child_init, good_destroy, vars };

/* The test's way in. */
KM_API void good_look(struct good_state *state);

void good_look(struct good_state *state)
{
	state->number = number;
	state->text = text;
	state->gauge = gauge;
	state->motto = motto;
	trace = state->trace;
}
