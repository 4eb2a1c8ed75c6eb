/* SPDX-License-Identifier: ISC */
/* title.c - writes what ps shows over argv and environ. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/title.h"

static struct {
	char *area; /* where the strings of argv and environ were */
	size_t size;
	char **argv;	/* its strings are in args_text */
	char **environ; /* its strings are in env_text */
	char *args_text, *env_text;
} title;

/* The area grows by a string if that lies right behind it. */
static void extend(const char *string)
{
	if (string == title.area + title.size)
		title.size += strlen(string) + 1;
}

static void find_area(int argc, char **argv)
{
	title.area = argc > 0 ? argv[0] : NULL;
	title.size = 0;
	for (int i = 0; i < argc; i++)
		extend(argv[i]);
	for (char **env = environ; env != NULL && *env != NULL; env++)
		extend(*env);
}

static size_t count_strings(char **list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

static size_t total_size(char **list, size_t n)
{
	size_t size = 1; /* malloc(0) may give NULL */

	for (size_t i = 0; i < n; i++)
		size += strlen(list[i]) + 1;
	return size;
}

/*
 * Copy n strings into one block and let `to` point to the copies: freeing is
 * right even if setenv() has changed the list since. NULL: no memory.
 */
static char *copy_strings(char **list, size_t n, char **to)
{
	char *text = malloc(total_size(list, n));
	char *at = text;

	for (size_t i = 0; text != NULL && i < n; i++) {
		size_t size = strlen(list[i]) + 1;

		to[i] = memcpy(at, list[i], size);
		at += size;
	}
	return text;
}

/* The C library keeps pointers into argv[0]. */
static void set_invocation_name(char *name)
{
	char *slash = strrchr(name, '/');

	program_invocation_name = name;
	program_invocation_short_name = slash != NULL ? slash + 1 : name;
}

/* Copies of environ, then of argv. Nothing has changed when it fails. */
static int copy_all(int argc, char **argv)
{
	size_t n_env = count_strings(environ);
	char **env = calloc(n_env + 1, sizeof(*env));

	if (env == NULL)
		return -KM_ENOMEM;
	title.env_text = copy_strings(environ, n_env, env);
	if (title.env_text != NULL)
		title.args_text = copy_strings(argv, (size_t)argc, argv);
	if (title.args_text == NULL) {
		free(title.env_text);
		free(env);
		return -KM_ENOMEM;
	}
	title.environ = environ = env;
	return 0;
}

int title_init(int argc, char **argv)
{
	int rc;

	find_area(argc, argv);
	rc = copy_all(argc, argv);
	if (rc < 0) {
		memset(&title, 0, sizeof(title));
		return rc;
	}
	title.argv = argv;
	if (argc > 0)
		set_invocation_name(argv[0]);
	return 0;
}

char *const *title_args(void)
{
	static char *none[] = { NULL };

	return title.argv != NULL ? title.argv : none;
}

size_t title_room(void)
{
	return title.size > 0 ? title.size - 1 : 0;
}

void title_set(const char *comm, const char *text)
{
	prctl(PR_SET_NAME, comm, 0, 0, 0);
	if (title_room() == 0)
		return;
	memset(title.area, 0, title.size);
	snprintf(title.area, title.size, "%s", text);
}

void title_fini(void)
{
	static char nobody[] = "";

	if (title.argv == NULL)
		return;
	title.argv[0] = NULL;
	set_invocation_name(nobody);
	if (environ == title.environ)
		environ = NULL;
	free(title.environ);
	free(title.env_text);
	free(title.args_text);
	memset(&title, 0, sizeof(title));
}
