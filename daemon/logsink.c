/* SPDX-License-Identifier: ISC */
/* logsink.c - the writer of km_log: terminal, standard error or syslog. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/logsink.h"
#include "daemon/param.h"

#define IDENT	      "kmemd"
#define FACILITY_SIZE 16   /* bytes of the longest name */
#define LINE_SIZE     2200 /* bytes: a line of km_log and what is put before it */

static struct {
	enum logsink_where where;
	int rank;
	int tee;
} sink = { .tee = -1 };

static const struct {
	const char *name;
	int facility;
} facilities[] = {
	{ "auth", LOG_AUTH },
	{ "authpriv", LOG_AUTHPRIV },
	{ "cron", LOG_CRON },
	{ "daemon", LOG_DAEMON },
	{ "ftp", LOG_FTP },
	{ "kern", LOG_KERN },
	{ "lpr", LOG_LPR },
	{ "mail", LOG_MAIL },
	{ "news", LOG_NEWS },
	{ "syslog", LOG_SYSLOG },
	{ "user", LOG_USER },
	{ "uucp", LOG_UUCP },
	{ "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 },
	{ "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 },
	{ "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
};

/* Kamailio's mapping. A level takes the first row that is not below it. */
static const struct {
	int level;
	int priority;
} priorities[] = {
	{ L_ALERT, LOG_ALERT },
	{ L_CRIT, LOG_CRIT }, /* and L_BUG */
	{ L_ERR, LOG_ERR },
	{ L_WARN, LOG_WARNING },
	{ L_NOTICE, LOG_NOTICE },
	{ L_INFO, LOG_INFO },
};

int logsink_priority(int level)
{
	for (size_t i = 0; i < sizeof(priorities) / sizeof(priorities[0]); i++)
		if (level <= priorities[i].level)
			return priorities[i].priority;
	return LOG_DEBUG;
}

int logsink_facility(const char *name)
{
	for (size_t i = 0; i < sizeof(facilities) / sizeof(facilities[0]); i++)
		if (strcmp(facilities[i].name, name) == 0)
			return facilities[i].facility;
	return -KM_EINVAL;
}

/*
 * End a line and write it in one go, so that lines of several processes do not
 * mix. What came from outside must not look like a second line.
 */
static void put_line(int fd, char *line, size_t size)
{
	size_t len = strnlen(line, size - 1);
	ssize_t n;

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			line[i] = ' ';
	line[len] = '\n';
	n = write(fd, line, len + 1);
	(void)n; /* there is nobody left to tell */
}

static void put_text(int fd, const char *text)
{
	char line[LINE_SIZE];

	snprintf(line, sizeof(line), "%s", text);
	put_line(fd, line, sizeof(line));
}

static void write_terminal(int level, const char *text)
{
	if (level <= L_WARN)
		put_text(STDERR_FILENO, text);
}

static void write_stderr(int level, const char *text)
{
	char line[LINE_SIZE], date[32];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(line, sizeof(line), "%s.%03ld %s: [%d %d] %s", date,
	    now.tv_nsec / 1000000, km_log_level_name(level), (int)getpid(),
	    sink.rank, text);
	put_line(STDERR_FILENO, line, sizeof(line));
}

static void write_syslog(int level, const char *text)
{
	char name[FACILITY_SIZE];
	int facility = logsink_facility(
	    param_copy_string(P_LOG_FACILITY, name, sizeof(name)));

	syslog((facility < 0 ? LOG_DAEMON : facility) | logsink_priority(level),
	    "%s: [%d] %s", km_log_level_name(level), sink.rank, text);
}

static void (*const writers[LOGSINK_WHERE__COUNT])(int, const char *) = {
	[LOGSINK_TERMINAL] = write_terminal,
	[LOGSINK_STDERR] = write_stderr,
	[LOGSINK_SYSLOG] = write_syslog,
};

static void write_log(int level, const char *text)
{
	writers[sink.where](level, text);
	if (sink.tee >= 0 && level <= L_ERR)
		put_text(sink.tee, text);
}

/* Each line has its own facility; what is given here is for none. */
static void open_syslog(void)
{
	closelog();
	openlog(IDENT, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void logsink_open(enum logsink_where where)
{
	if (where == LOGSINK_SYSLOG)
		open_syslog();
	sink.where = where;
	km_log_set_writer(write_log);
}

void logsink_reopen(void)
{
	if (sink.where == LOGSINK_SYSLOG)
		open_syslog();
}

void logsink_set_rank(int rank)
{
	sink.rank = rank;
}

void logsink_tee(int fd)
{
	sink.tee = fd;
}

void logsink_close(void)
{
	km_log_set_writer(NULL);
	if (sink.where == LOGSINK_SYSLOG)
		closelog();
	sink.tee = -1;
}
