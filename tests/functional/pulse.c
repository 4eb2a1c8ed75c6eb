/* SPDX-License-Identifier: ISC */
/* pulse.c - a module for tests: workers allocate all the time, and say what its
 * variables are. */
#include "config.h"

#include <event2/event.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"
#include "daemon/module.h"
#include "mem/mem.h"

#define WORD_SIZE 21

static struct km_var *level, *word, *fixed;
static struct event *tick;

/* What was said last. */
static struct {
	bool once;
	long level;
	char word[WORD_SIZE];
} said;

static const struct kmemd_module_var vars[] = {
	{ "level", KMEMD_PARAM_INT, &level, -10, 10, 3, NULL, KMEMD_VAR_AT_ONCE,
	    "a number" },
	{ "word", KMEMD_PARAM_STRING, &word, 1, WORD_SIZE - 1, 0, "calm",
	    KMEMD_VAR_AT_ONCE, "a text" },
	{ "fixed", KMEMD_PARAM_INT, &fixed, 0, 9, 7, NULL, KMEMD_VAR_AT_START,
	    "read-only" },
	{ NULL },
};

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	long now = km_var_int(level);
	char text[WORD_SIZE];

	pkg_free(pkg_malloc(24));
	km_var_string(word, text, sizeof(text));
	if (said.once && said.level == now && strcmp(said.word, text) == 0)
		return;
	said.once = true;
	said.level = now;
	memcpy(said.word, text, sizeof(text));
	LM_NOTICE("pulse: level %ld, word %s, fixed %ld", now, text,
	    km_var_int(fixed));
}

static int child_init(int rank, struct event_base *base)
{
	const struct timeval pause = { 0, 10000 };

	if (rank == KMEMD_RANK_SUPERVISOR)
		return 0;
	tick = event_new(base, -1, EV_PERSIST, on_tick, NULL);
	return tick != NULL ? event_add(tick, &pause) : -1;
}

static void destroy(void)
{
	if (tick != NULL)
		event_free(tick);
}

KMEMD_EXPORTS = {
	.abi = KMEMD_MODULE_ABI,
	.name = MOD_NAME,
	.version = "1.0",
	.child_init = child_init,
	.destroy = destroy,
	.vars = vars,
};
