/* SPDX-License-Identifier: ISC */
/* trouble.c - a module for tests: it fails, hangs or spins on request. */
#include "config.h"

#include <event2/event.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/module.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"

/* What to do in child_init of the rank `rank`; in others all goes well. */
static const char *act = "";
static int rank = 1; /* -1: in all workers */
static int fail_init;

/*
 * Blocks of known sizes, 1 to BLOCK_SIZES bytes in turn, all from one line:
 * n_shm in mod_init, n_pkg in child_init of the rank `rank`.
 */
#define BLOCK_SIZES 100
static int n_pkg, n_shm;
/* So much before or behind one of pkg is overwritten: the last, or so many
 * before it. */
static int damage, overrun, damage_before;

static int own_rank;
static struct event_base *own_base;
static struct event *tick; /* the supervisor's; replacements see it too */
static char *inherited;	   /* pkg, stored before the fork */
static char *shared;	   /* shm */

static const struct kmemd_module_param params[] = {
	{ "act", KMEMD_PARAM_STRING, &act,
	    "fail, exit, hang, spin, churn or crash" },
	{ "rank", KMEMD_PARAM_INT, &rank, "in this process" },
	{ "fail_init", KMEMD_PARAM_INT, &fail_init, "mod_init fails" },
	{ "n_pkg", KMEMD_PARAM_INT, &n_pkg, "blocks to keep in pkg" },
	{ "n_shm", KMEMD_PARAM_INT, &n_shm, "blocks to keep in shm" },
	{ "damage", KMEMD_PARAM_INT, &damage, "bytes before one in pkg" },
	{ "overrun", KMEMD_PARAM_INT, &overrun, "bytes behind one in pkg" },
	{ "damage_before", KMEMD_PARAM_INT, &damage_before,
	    "0: the last one; 1: the one before ..." },
	{ NULL },
};

static int fail(void)
{
	LM_ERR("trouble: child_init fails in rank %d", own_rank);
	return -1;
}

static int leave(void)
{
	_exit(7);
	return 0;
}

static int hang(void)
{
	while (pause() == -1)
		;
	return 0;
}

static int crash(void)
{
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

static void spin_for_ever(evutil_socket_t fd, short what, void *arg)
{
	volatile int on = 1;

	LM_NOTICE("trouble: rank %d spins", own_rank);
	while (on)
		;
}

/* Not at once: when the worker is ready and in its loop. */
static int spin(void)
{
	const struct timeval now = { 0, 0 };

	return event_base_once(
	    own_base, -1, EV_TIMEOUT, spin_for_ever, NULL, &now);
}

/* Blocks of both kinds come and go in each turn of the loop. */
#define CHURN_BLOCKS 64
static void churn_on(evutil_socket_t fd, short what, void *arg)
{
	static void *private[CHURN_BLOCKS], *common[CHURN_BLOCKS];
	static const struct timeval soon = { 0, 100 };
	static unsigned turn;

	for (int i = 0; i < CHURN_BLOCKS; i += 3) {
		unsigned at = (turn * 7 + (unsigned)i) % CHURN_BLOCKS;

		pkg_free(private[at]);
		private[at] = pkg_malloc(1 + turn * 13 % 500);
		shm_free(common[at]);
		common[at] = shm_malloc(1 + turn * 17 % 500);
	}
	turn++;
	event_base_once(own_base, -1, EV_TIMEOUT, churn_on, NULL, &soon);
}

static int churn(void)
{
	LM_NOTICE("trouble: rank %d churns", own_rank);
	return event_base_once(
	    own_base, -1, EV_TIMEOUT, churn_on, NULL, &(struct timeval){ 0 });
}

static const struct {
	const char *name;
	int (*run)(void);
} acts[] = {
	{ "fail", fail },
	{ "exit", leave },
	{ "hang", hang },
	{ "spin", spin },
	{ "crash", crash },
	{ "churn", churn },
};

/* They are never freed: the pools go with their processes. */
static int keep_pkg(void)
{
	char *block, *victim = NULL;

	for (int i = 0; i < n_pkg; i++) {
		block = pkg_malloc((size_t)(1 + i % BLOCK_SIZES));
		if (block == NULL)
			return -1;
		if (i == n_pkg - 1 - damage_before)
			victim = block;
	}
	if (victim == NULL)
		return 0;
	memset(victim - damage, 'x', (size_t)damage);
	memset(victim + 1 + (n_pkg - 1 - damage_before) % BLOCK_SIZES, 'y',
	    (size_t)overrun);
	return 0;
}

static int keep_shm(void)
{
	for (int i = 0; i < n_shm; i++)
		if (shm_malloc((size_t)(1 + i % BLOCK_SIZES)) == NULL)
			return -1;
	return 0;
}

static int mod_init(void)
{
	if (fail_init) {
		LM_ERR("trouble: mod_init fails");
		return -1;
	}
	if (keep_shm() < 0)
		return -1;
	inherited = pkg_malloc(64);
	shared = shm_malloc(64);
	if (inherited == NULL || shared == NULL)
		return -1;
	strncpy(inherited, "stored before the fork", 64);
	strncpy(shared, "shared", 64);
	LM_NOTICE("trouble: %d workers", km_workers());
	return 0;
}

static int do_act(void)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if ((own_rank == rank || (rank < 0 && own_rank > 0)) &&
		    strcmp(act, acts[i].name) == 0)
			return acts[i].run();
	return 0;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
}

static int child_init(int r, struct event_base *base)
{
	own_rank = r;
	own_base = base;
	LM_NOTICE("trouble: rank %d has \"%s\" at %p, shm \"%s\"", r, inherited,
	    (void *)inherited, shared);
	inherited[0] = (char)('A' + r);
	if (r > 0)
		km_set_desc("trouble maker");
	else
		tick = event_new(base, -1, EV_PERSIST, on_tick, NULL);
	if (r == rank && keep_pkg() < 0)
		return -1;
	return do_act();
}

static void destroy(void)
{
	LM_NOTICE("trouble: destroy in rank %d, \"%s\"", own_rank,
	    inherited != NULL ? inherited : "");
	pkg_free(inherited);
	if (tick != NULL)
		event_free(tick);
	if (own_rank == KMEMD_RANK_SUPERVISOR)
		shm_free(shared);
}

KMEMD_EXPORTS = {
	.abi = KMEMD_MODULE_ABI,
	.name = MOD_NAME,
	.version = "1.0",
	.params = params,
	.mod_init = mod_init,
	.child_init = child_init,
	.destroy = destroy,
};
