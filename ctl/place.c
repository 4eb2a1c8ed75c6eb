/* SPDX-License-Identifier: ISC */
/* place.c - asks addr2line(1), once for each address. */
#include "config.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/place.h"

#define PARTS_SIZE 512 /* bytes of each part of a text */

/* "MODULE: PATH: +0xADDRESS(0)", taken apart. */
struct address {
	char module[PARTS_SIZE];
	char path[PARTS_SIZE];
	unsigned long at;
};

static struct {
	struct answer {
		char *site, *place;
	} * answers;
	size_t count, room;
} known;

static bool parse(const char *site, struct address *address)
{
	const char *path = strstr(site, ": /"), *at = strstr(site, ": +0x");
	char *end;

	if (path == NULL || at == NULL || at <= path ||
	    (size_t)(path - site) >= PARTS_SIZE ||
	    (size_t)(at - path) >= PARTS_SIZE)
		return false;
	address->at = strtoul(at + strlen(": +"), &end, 16);
	if (strcmp(end, "(0)") != 0 || address->at == 0)
		return false;
	snprintf(address->module, PARTS_SIZE, "%.*s", (int)(path - site), site);
	snprintf(
	    address->path, PARTS_SIZE, "%.*s", (int)(at - path - 2), path + 2);
	return true;
}

/* Returns its pid and where to read from, or -1. */
static pid_t start(const struct address *address, int *from)
{
	char at[32], path[PARTS_SIZE];
	char name[] = "addr2line", names[] = "-fCe",
	     *argv[] = { name, names, path, at, NULL };
	posix_spawn_file_actions_t files;
	int pipe_fd[2];
	pid_t pid;
	int rc;

	/* The call is before the address that it returns to. */
	snprintf(at, sizeof(at), "0x%lx", address->at - 1);
	snprintf(path, sizeof(path), "%s", address->path);
	if (pipe2(pipe_fd, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, pipe_fd[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(
	    &files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(&pid, name, &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	close(pipe_fd[1]);
	if (rc != 0)
		close(pipe_fd[0]);
	*from = pipe_fd[0];
	return rc == 0 ? pid : -1;
}

static void chomp(char *line)
{
	line[strcspn(line, "\n")] = '\0';
}

/* Two lines: the function, FILE:LINE; "??" where that is not known. */
static bool ask(const struct address *address, char func[PARTS_SIZE],
    char place[PARTS_SIZE])
{
	int from, status;
	pid_t pid = start(address, &from);
	bool told = false;
	FILE *in;

	if (pid < 0)
		return false;
	in = fdopen(from, "r");
	if (in != NULL) {
		told = fgets(func, PARTS_SIZE, in) != NULL &&
		       fgets(place, PARTS_SIZE, in) != NULL;
		fclose(in);
	}
	waitpid(pid, &status, 0);
	if (!told)
		return false;
	chomp(func);
	chomp(place);
	return strncmp(func, "??", 2) != 0;
}

/* A copy for the caller; NULL: nothing is known. */
static char *find_out(const char *site)
{
	char func[PARTS_SIZE], place[PARTS_SIZE], *text = NULL, *line;
	struct address address;
	int len;

	if (!parse(site, &address) || !ask(&address, func, place))
		return NULL;
	line = strrchr(place, ':');
	if (line != NULL && strtoul(line + 1, NULL, 10) > 0)
		len = asprintf(&text, "%s: %.*s: %s(%lu)", address.module,
		    (int)(line - place), place, func,
		    strtoul(line + 1, NULL, 10));
	else
		len = asprintf(&text, "%s: %s: %s(+0x%lx)", address.module,
		    address.path, func, address.at);
	return len >= 0 ? text : NULL;
}

/* Without memory it is asked for again. */
static void keep(const char *site, char *place)
{
	struct answer *more;

	if (known.count == known.room) {
		more = realloc(
		    known.answers, (2 * known.room + 16) * sizeof(*more));
		if (more == NULL)
			return;
		known.answers = more;
		known.room = 2 * known.room + 16;
	}
	known.answers[known.count].place = place;
	known.answers[known.count].site = strdup(site);
	known.count += known.answers[known.count].site != NULL;
}

const char *place_of(const char *site)
{
	char *place;

	if (strstr(site, ": +0x") == NULL)
		return site;
	for (size_t i = 0; i < known.count; i++)
		if (strcmp(known.answers[i].site, site) == 0)
			return known.answers[i].place;
	place = find_out(site);
	if (place == NULL)
		place = strdup(site);
	if (place == NULL)
		return site;
	keep(site, place);
	return place;
}
