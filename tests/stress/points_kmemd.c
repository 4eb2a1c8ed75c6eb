/* SPDX-License-Identifier: ISC */
/* points_kmemd.c - a kmemd of which somebody is killed, from outside. */
#include "config.h"

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/stress/points_kmemd.h"

#define TIMEOUT_MS 60000 /* of a question */
#define SERVES	   "kmemd: supervisor"

pid_t points_launch(char **argv)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

/* ---- whether it serves -------------------------------------------------- */

bool points_says_it_serves(pid_t kmemd)
{
	char path[64], title[sizeof(SERVES)] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)kmemd);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fgets(title, sizeof(title), f) == NULL)
		title[0] = '\0';
	fclose(f);
	return strcmp(title, SERVES) == 0;
}

static bool has_ended(pid_t kmemd)
{
	siginfo_t info = { 0 };

	waitid(P_PID, (id_t)kmemd, &info, WEXITED | WNOHANG | WNOWAIT);
	return info.si_pid != 0;
}

bool points_wait_for(
    pid_t kmemd, const char *socket, time_t end, struct talk *talk)
{
	while (!points_says_it_serves(kmemd) || talk_open(talk, socket) != 0) {
		if (time(NULL) > end || has_ended(kmemd))
			return false;
		poll(NULL, 0, 1);
	}
	return true;
}

/* ---- what it answers ---------------------------------------------------- */

struct json_object *points_ask(struct talk *talk, const char *method,
    const char *params, struct json_object **reply)
{
	struct json_object *result = NULL;
	const char *line;
	char request[256];

	snprintf(request, sizeof(request),
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}\n",
	    method, params != NULL ? params : "[]");
	line = talk_ask(talk, request, TIMEOUT_MS);
	*reply = line != NULL ? json_tokener_parse(line) : NULL;
	json_object_object_get_ex(*reply, "result", &result);
	return result;
}

int points_number(struct json_object *row, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(row, key, &value);
	return json_object_get_int(value);
}

bool points_pools_are_whole(
    struct talk *talk, size_t least, char *why, size_t size)
{
	struct json_object *reply;
	struct json_object *pools = points_ask(talk, "mem.check", NULL, &reply);
	size_t n = pools != NULL ? json_object_array_length(pools) : 0;
	int found = 0;

	for (size_t i = 0; i < n; i++)
		found +=
		    points_number(json_object_array_get_idx(pools, i), "found");
	snprintf(why, size, "mem.check: %zu pools, %d findings", n, found);
	json_object_put(reply);
	return n >= least && found == 0;
}

/* ---- what it has -------------------------------------------------------- */

/* What has no name is malloc's. */
void points_count_maps(pid_t kmemd, long *files, long *pools)
{
	char path[64], line[512];
	FILE *f;

	*files = *pools = 0;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)kmemd);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		*files += strchr(line, '/') != NULL;
		*pools += strstr(line, "kmemd-pkg") != NULL;
	}
	fclose(f);
}

/* A line of its fdinfo, as proc(5) has it. */
static bool is_pidfd_of(const char *path, pid_t pid)
{
	char line[128];
	int of = 0;
	FILE *f = fopen(path, "re");

	while (f != NULL && of == 0 && fgets(line, sizeof(line), f) != NULL)
		sscanf(line, "Pid: %d", &of);
	if (f != NULL)
		fclose(f);
	return of == pid;
}

bool points_has_pidfd(pid_t kmemd, pid_t pid)
{
	char path[64 + NAME_MAX];
	const struct dirent *entry;
	bool has = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)kmemd);
	dir = opendir(path);
	while (dir != NULL && !has && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)kmemd,
		    entry->d_name);
		has = is_pidfd_of(path, pid);
	}
	if (dir != NULL)
		closedir(dir);
	return has;
}
