/* SPDX-License-Identifier: ISC */
/* puppet.c - a module for tests: does with memory what a FIFO tells it. */
#include "config.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/module.h"
#include "mem/lock.h"
#include "mem/mem.h"
#include "mem/root.h"
#include "mem/shm_mem.h"
#include "tests/functional/puppet.h"

/*
 * Each process reads lines from dir/do.RANK: a verb, perhaps with a word. What
 * it did is in the log: "puppet: VERB: RESULT".
 */
#define LINE_MAX_SIZE 256
#define KEPT_MAX      100000

static const char *dir = "";

static struct {
	int rank;
	int fifo;
	struct event *readable;
	void *kept[KEPT_MAX];
	int n_kept;
} puppet = { .fifo = -1 };

static struct shared {
	gen_lock_t lock;
	struct km_rwlock rw;
	long sum;
	char text[64];
} * shared;

static char *inherited; /* pkg, stored before the fork */
static void *at_load;	/* shm_malloc() while the configuration is read */

static const struct kmemd_module_param params[] = {
	{ "dir", KMEMD_PARAM_STRING, &dir, "where the FIFOs are" },
	{ NULL },
};

void puppet_say(const char *verb, const char *text)
{
	LM_NOTICE("puppet: %s: %s", verb, text);
}

/* ---- what can be told --------------------------------------------------- */

static void keep(const char *verb, void *(*get)(void), const char *n)
{
	void *p = NULL;

	for (int i = atoi(n); i > 0 && puppet.n_kept < KEPT_MAX; i--) {
		p = get();
		if (p == NULL)
			break;
		puppet.kept[puppet.n_kept++] = p;
	}
	puppet_say(verb, p != NULL ? "done" : "no room");
}

static void *leak_pkg(void)
{
	return pkg_malloc(100);
}

static void *leak_shm(void)
{
	return shm_malloc(100);
}

static void *leak_owned(void)
{
	return shm_malloc_owned(100);
}

static int init_root(void *p)
{
	memcpy(p, "root", 5);
	return 0;
}

static void do_root(const char *name)
{
	char *p = km_root_get_or_create(name, 200, init_root);

	puppet_say("root", p != NULL ? p : "none");
}

static int die(void *p)
{
	return raise(SIGKILL);
}

static void do_root_die(const char *name)
{
	km_root_get_or_create(name, 300, die);
}

static void do_owned(const char *n)
{
	keep("keep_owned", leak_owned, n);
}

static void do_pkg(const char *n)
{
	keep("keep_pkg", leak_pkg, n);
}

static void do_shm(const char *n)
{
	keep("keep_shm", leak_shm, n);
}

static void do_keep_large(const char *size)
{
	puppet_say("keep_large",
	    pkg_malloc((size_t)atoi(size)) != NULL ? "done" : "no room");
}

static void *large; /* of shm, every page of it written to */

static void do_take_shm(const char *size)
{
	size_t n = strtoul(size, NULL, 10);

	large = shm_malloc(n);
	if (large != NULL)
		memset(large, 'l', n);
	puppet_say("take_shm", large != NULL ? "done" : "no room");
}

static void do_give_shm(const char *unused)
{
	shm_free(large);
	large = NULL;
	puppet_say("give_shm", "done");
}

#define API(name, malloc, realloc, free)                                       \
	static void do_##name(const char *unused)                              \
	{                                                                      \
		char *p = malloc(10), *q;                                      \
                                                                               \
		if (p == NULL)                                                 \
			return;                                                \
		memcpy(p, "123456789", 10);                                    \
		q = realloc(p, 20);                                            \
		puppet_say(#name, q == p ? "in place" : "moved");              \
		q = realloc(q, 5000);                                          \
		puppet_say(                                                    \
		    #name, strcmp(q, "123456789") == 0 ? "kept" : "lost");     \
		free(q);                                                       \
		puppet_say(                                                    \
		    #name, malloc((size_t)1 << 40) == NULL ? "NULL" : "?");    \
	}
API(api_pkg, pkg_malloc, pkg_realloc, pkg_free)
API(api_shm, shm_malloc, shm_realloc, shm_free)

static void do_inplace(const char *unused)
{
	char *p = pkg_malloc(64), *behind = pkg_malloc(4096);
	char *last = pkg_malloc(64), *q, *r;

	pkg_free(behind);
	q = pkg_realloc(p, 2000);
	r = pkg_realloc(q, 100000);
	puppet_say(
	    "inplace", q == p && r != q ? "in place, then moved" : "wrong");
	pkg_free(r);
	pkg_free(last);
}

/* What was stored before the fork, and in shm; then change them. */
static void do_show(const char *text)
{
	char line[256];

	snprintf(line, sizeof(line), "pkg %p \"%s\" shm %p \"%s\"",
	    (void *)inherited, inherited, (void *)shared->text, shared->text);
	puppet_say("show", line);
	snprintf(inherited, 64, "%s", text);
	snprintf(shared->text, sizeof(shared->text), "%s", text);
}

static void do_count(const char *n)
{
	for (int i = atoi(n); i > 0; i--) {
		lock_get(&shared->lock);
		shared->sum++;
		lock_release(&shared->lock);
	}
	puppet_say("count", n);
}

static void do_hold(const char *unused)
{
	lock_get(&shared->lock);
	puppet_say("hold", "done");
}

static void do_let_go(const char *unused)
{
	lock_release(&shared->lock);
	puppet_say("let_go", "done");
}

static void do_read(const char *unused)
{
	int rc = lock_read(&shared->rw);

	puppet_say("read", rc == KM_LOCK_OWNER_DIED ? "repair" : "done");
}

static void do_write(const char *unused)
{
	int rc = lock_write(&shared->rw);

	puppet_say("write", rc == KM_LOCK_OWNER_DIED ? "repair" : "done");
}

static void do_stop(const char *unused)
{
	lock_rw_release(&shared->rw);
	puppet_say("stop", "done");
}

static void do_sum(const char *unused)
{
	char line[32];

	snprintf(line, sizeof(line), "%ld", shared->sum);
	puppet_say("sum", line);
}

/* ---- misuse ------------------------------------------------------------- */

static void overwrite_tail(void)
{
	char *p = pkg_malloc(20);

	memcpy(p, "this is far too long", 21);
	pkg_free(p);
}

static void overwrite_head(void)
{
	char *p = shm_malloc(20);

	memset(p - 8, 'h', 8);
	shm_free(p);
}

static void free_twice(void)
{
	char *p = shm_malloc(20);

	shm_free(p);
	shm_free(p);
}

static void free_inside(void)
{
	char *p = pkg_malloc(64);

	pkg_free(p + 16);
	pkg_free(p);
}

static void free_elsewhere(void)
{
	char *p = pkg_malloc(20), *q = shm_malloc(20);

	shm_free(p);
	pkg_free(q);
	pkg_free(p);
	shm_free(q);
}

static void free_foreign(void)
{
	static char here[64];

	pkg_free(here);
}

static void realloc_free(void)
{
	char *p = pkg_malloc(20);

	pkg_free(p);
	if (pkg_realloc(p, 40) != NULL)
		puppet_say("misuse", "realloc of a free block gave one");
}

/* To the end of the pool and on: a crash. */
static void overwrite_all(void)
{
	volatile char *p = pkg_malloc(20);

	for (size_t i = 0;; i++)
		p[i] = 'x';
}

static const struct {
	const char *name;
	void (*run)(void);
} misuses[] = {
	{ "tail", overwrite_tail },
	{ "head", overwrite_head },
	{ "twice", free_twice },
	{ "inside", free_inside },
	{ "elsewhere", free_elsewhere },
	{ "foreign", free_foreign },
	{ "realloc", realloc_free },
	{ "all", overwrite_all },
};

static void do_misuse(const char *name)
{
	for (size_t i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++)
		if (strcmp(name, misuses[i].name) == 0)
			misuses[i].run();
	puppet_say("misuse", name);
}

/* ---- being told --------------------------------------------------------- */

static const struct {
	const char *verb;
	void (*run)(const char *word);
} verbs[] = {
	{ "keep_pkg", do_pkg },
	{ "keep_shm", do_shm },
	{ "keep_owned", do_owned },
	{ "root", do_root },
	{ "root_die", do_root_die },
	{ "keep_large", do_keep_large },
	{ "take_shm", do_take_shm },
	{ "give_shm", do_give_shm },
	{ "api_pkg", do_api_pkg },
	{ "api_shm", do_api_shm },
	{ "inplace", do_inplace },
	{ "fork", puppet_fork },
	{ "fork_die", puppet_fork_die },
	{ "fork_thread", puppet_fork_thread },
	{ "fork_blind", puppet_fork_blind },
	{ "fork_apart", puppet_fork_apart },
	{ "wait", puppet_wait },
	{ "show", do_show },
	{ "count", do_count },
	{ "hold", do_hold },
	{ "let_go", do_let_go },
	{ "read", do_read },
	{ "write", do_write },
	{ "stop", do_stop },
	{ "sum", do_sum },
	{ "misuse", do_misuse },
};

static void obey(char *line)
{
	char *save, *verb = strtok_r(line, " \n", &save);
	const char *word = verb != NULL ? strtok_r(NULL, " \n", &save) : NULL;

	for (size_t i = 0; verb != NULL && i < sizeof(verbs) / sizeof(verbs[0]);
	     i++)
		if (strcmp(verb, verbs[i].verb) == 0)
			verbs[i].run(word != NULL ? word : "");
}

/* A line comes whole: the shell writes it at once. */
static void on_line(evutil_socket_t fd, short what, void *arg)
{
	char line[LINE_MAX_SIZE], *save;
	ssize_t n = read(fd, line, sizeof(line) - 1);

	if (n <= 0)
		return;
	line[n] = '\0';
	for (char *p = strtok_r(line, "\n", &save); p != NULL;
	     p = strtok_r(NULL, "\n", &save))
		obey(p);
}

static int listen_to_fifo(struct event_base *base)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/do.%d", dir, puppet.rank);
	unlink(path);
	if (mkfifo(path, 0600) != 0)
		return -1;
	/* For writing too: it has no end of file then. */
	puppet.fifo = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (puppet.fifo < 0)
		return -1;
	puppet.readable =
	    event_new(base, puppet.fifo, EV_READ | EV_PERSIST, on_line, NULL);
	return puppet.readable != NULL ? event_add(puppet.readable, NULL) : -1;
}

/* ---- the module --------------------------------------------------------- */

/* When loadmodule() is read. */
static __attribute__((constructor)) void on_load(void)
{
	at_load = shm_malloc(1);
}

static int mod_init(void)
{
	LM_NOTICE("puppet: shm while the configuration is read: %s",
	    at_load != NULL ? "yes" : "no");
	inherited = pkg_malloc(64);
	shared = shm_mallocxz(sizeof(*shared));
	if (inherited == NULL || shared == NULL ||
	    lock_init(&shared->lock) == NULL ||
	    lock_rw_init(&shared->rw) == NULL)
		return -1;
	strncpy(inherited, "before-the-fork", 64);
	strncpy(shared->text, "before-the-fork", sizeof(shared->text));
	return 0;
}

static int child_init(int rank, struct event_base *base)
{
	puppet.rank = rank;
	return rank > 0 ? listen_to_fifo(base) : 0;
}

static void destroy(void)
{
	if (puppet.readable != NULL)
		event_free(puppet.readable);
	if (puppet.fifo >= 0)
		close(puppet.fifo);
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
