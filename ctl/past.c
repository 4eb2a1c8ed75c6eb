/* SPDX-License-Identifier: ISC */
/* past.c - the lines typed before, kept from one prompt to the next. */
#include "config.h"

#include <errno.h>
#include <histedit.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "ctl/complain.h"
#include "ctl/past.h"

#define LINES_MOST 500
#define REMEDY	   "KMEMCTL_HISTORY names another file, or empty none"

struct past {
	History *lines;
	char *file; /* NULL: they are not kept */
};

static char *join(const char *folder, const char *name)
{
	char *path;

	if (folder == NULL || *folder == '\0' ||
	    asprintf(&path, "%s/%s", folder, name) < 0)
		return NULL;
	return path;
}

/* The file itself, where its name is a link: it is replaced by another. */
static char *resolve(char *path)
{
	char *target = path != NULL ? realpath(path, NULL) : NULL;

	if (target == NULL)
		return path;
	free(path);
	return target;
}

static char *find_file(void)
{
	const char *file = getenv("KMEMCTL_HISTORY");
	char *path;

	if (file != NULL)
		return *file != '\0' ? resolve(strdup(file)) : NULL;
	path = join(getenv("XDG_STATE_HOME"), "kmemctl_history");
	if (path == NULL)
		path = join(getenv("HOME"), ".kmemctl_history");
	return resolve(path);
}

static void load(struct past *past)
{
	HistEvent event;

	errno = 0;
	if (past->file == NULL || access(past->file, F_OK) != 0)
		return;
	if (history(past->lines, &event, H_LOAD, past->file) < 0)
		complain(past->file, REMEDY, "cannot read the history: %s",
		    errno != 0 ? strerror(errno) : "it is none");
}

int past_new(struct past **past)
{
	HistEvent event;

	*past = calloc(1, sizeof(**past));
	if (*past == NULL)
		return -KM_ENOMEM;
	(*past)->lines = history_init();
	if ((*past)->lines == NULL) {
		past_free(past);
		return -KM_ENOMEM;
	}
	history((*past)->lines, &event, H_SETSIZE, LINES_MOST);
	history((*past)->lines, &event, H_SETUNIQUE, 1);
	(*past)->file = find_file();
	load(*past);
	return 0;
}

void past_free(struct past **past)
{
	if (*past == NULL)
		return;
	if ((*past)->lines != NULL)
		history_end((*past)->lines);
	free((*past)->file);
	free(*past);
	*past = NULL;
}

void *past_history(struct past *past)
{
	return past->lines;
}

static int write_lines(struct past *past, int fd)
{
	FILE *out = fdopen(fd, "w");
	HistEvent event;
	bool written;

	if (out == NULL) {
		close(fd);
		return -KM_ESYS;
	}
	written = history(past->lines, &event, H_SAVE_FP, out) >= 0;
	if (fclose(out) != 0 || !written)
		return -KM_ESYS;
	return 0;
}

/* mkstemp(3) makes it 0600; it takes the place of the old one whole. */
static int save(struct past *past)
{
	char *fresh = NULL;
	int fd, rc = -KM_ESYS;

	if (asprintf(&fresh, "%s.XXXXXX", past->file) < 0)
		return -KM_ENOMEM;
	fd = mkstemp(fresh);
	if (fd >= 0) {
		rc = write_lines(past, fd);
		if (rc == 0 && rename(fresh, past->file) != 0)
			rc = -KM_ESYS;
		if (rc != 0)
			unlink(fresh);
	}
	free(fresh);
	return rc;
}

void past_add(struct past *past, const char *line)
{
	HistEvent event;
	char *copy = strdup(line);
	size_t len = copy != NULL ? strlen(copy) : 0;

	while (len > 0 && strchr(" \t\n", copy[len - 1]) != NULL)
		copy[--len] = '\0';
	if (len > 0)
		history(past->lines, &event, H_ENTER, copy);
	free(copy);
	if (past->file == NULL || save(past) == 0)
		return;
	complain(past->file, REMEDY, "cannot write the history: %m");
	free(past->file);
	past->file = NULL;
}
