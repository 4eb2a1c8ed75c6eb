/* SPDX-License-Identifier: ISC */
/* member.c - a program that attaches, and does as it is told on stdin. */
/*
 * For each command there is a line on stdout.  It is built outside of the tree,
 * as a user's would be: see tests/functional/member.sh.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kmem.h>

#define N_ARGS 4

static void say_block(const void *p)
{
	if (p == NULL)
		printf("null %s\n", km_strerror(errno));
	else
		printf("%p\n", p);
}

static void *pointer(const char *text)
{
	return (void *)strtoul(text, NULL, 16);
}

/* attach FLAGS [DESC [PKG_BYTES]] */
static void do_attach(char **arg)
{
	struct km_attach_options opt = { .size = sizeof(opt) };
	int rc;

	opt.flags = (unsigned)strtoul(arg[0], NULL, 0);
	opt.desc = arg[1];
	opt.pkg_size = strtoul(arg[2], NULL, 0);
	rc = km_attach(opt.flags == 0 && *arg[1] == '\0' ? NULL : &opt);
	if (rc != 0)
		printf("%s: %s\n", km_strerror(rc), km_attach_why());
	else
		puts("attached");
}

static void do_detach(char **arg)
{
	puts(km_strerror(km_detach()));
}

static void do_shm(char **arg)
{
	say_block(shm_malloc(strtoul(arg[0], NULL, 0)));
}

static void do_pkg(char **arg)
{
	say_block(pkg_malloc(strtoul(arg[0], NULL, 0)));
}

/* pkgs COUNT SIZE */
static void do_pkgs(char **arg)
{
	void *p = NULL;

	for (unsigned long n = strtoul(arg[0], NULL, 0); n > 0; n--)
		p = pkg_malloc(strtoul(arg[1], NULL, 0));
	say_block(p);
}

static void do_free(char **arg)
{
	shm_free(pointer(arg[0]));
	puts("freed");
}

static void do_write(char **arg)
{
	memcpy(pointer(arg[0]), arg[1], strlen(arg[1]) + 1);
	puts("written");
}

static void do_read(char **arg)
{
	printf("%s\n", (const char *)pointer(arg[0]));
}

/* Who has no words to wait for ends by itself when the test has been killed. */
#define ALONE_S 600

/* A child that has a block of shm, or none, and stays. */
static void do_fork(char **arg)
{
	size_t size = strtoul(arg[0], NULL, 0);
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid > 0)
		return;
	alarm(ALONE_S);
	if (size > 0)
		printf("%d ", (int)getpid()), say_block(shm_malloc(size));
	else
		printf("%d\n", (int)getpid());
	fflush(stdout);
	for (;;)
		pause();
}

static void do_exec(char **arg)
{
	puts("going");
	fflush(stdout);
	alarm(ALONE_S);
	execlp("sleep", "sleep", "1000", (char *)NULL);
}

static void *stay(void *size)
{
	say_block(shm_malloc((size_t)size));
	fflush(stdout);
	for (;;)
		pause();
	return NULL;
}

static void do_thread(char **arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, stay, (void *)strtoul(arg[0], NULL, 0));
}

/* All that it can see: standard descriptors are left open. */
static void do_closeall(char **arg)
{
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	puts("closed");
}

static void do_take(char **arg)
{
	void *p = mmap(pointer(arg[0]), 4096, PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	puts(p != MAP_FAILED ? "taken" : "failed");
}

static void do_quit(char **arg)
{
	exit(0);
}

static const struct {
	const char *name;
	void (*run)(char **arg);
} commands[] = {
	{ "attach", do_attach },
	{ "detach", do_detach },
	{ "shm", do_shm },
	{ "pkg", do_pkg },
	{ "pkgs", do_pkgs },
	{ "free", do_free },
	{ "write", do_write },
	{ "read", do_read },
	{ "fork", do_fork },
	{ "exec", do_exec },
	{ "thread", do_thread },
	{ "closeall", do_closeall },
	{ "take", do_take },
	{ "quit", do_quit },
};

static void run(char *line)
{
	char empty[] = "";
	char *arg[N_ARGS] = { empty, empty, empty, empty };
	const char *name = strtok(line, " \n");

	for (int i = 0; i < N_ARGS; i++) {
		char *word = strtok(NULL, " \n");

		if (word == NULL)
			break;
		arg[i] = word;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (name != NULL && strcmp(commands[i].name, name) == 0)
			commands[i].run(arg);
	fflush(stdout);
}

int main(void)
{
	char line[256];

	signal(SIGCHLD, SIG_IGN);
	while (fgets(line, sizeof(line), stdin) != NULL)
		run(line);
	return 0;
}
