/* SPDX-License-Identifier: ISC */
/* log.c - formats a line and hands it to the writer. */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/tune.h"

#define LINE_SIZE 2000 /* bytes, the final NUL included */

static km_log_writer log_writer;

/* What a writer causes to be logged would make it call itself. */
static _Thread_local bool writing KM_TLS_INITIAL;

static const struct {
	int level;
	const char *name;
} level_names[] = {
	{ L_ALERT, "ALERT" },
	{ L_BUG, "BUG" },
	{ L_CRIT, "CRITICAL" },
	{ L_ERR, "ERROR" },
	{ L_WARN, "WARNING" },
	{ L_NOTICE, "NOTICE" },
	{ L_INFO, "INFO" },
	{ L_DBG, "DEBUG" },
};

void km_log_set_writer(km_log_writer writer)
{
	log_writer = writer;
}

bool km_log_is_on(int level)
{
	return log_writer != NULL && level <= km_tune->debug;
}

const char *km_log_level_name(int level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]);
	     i++)
		if (level <= level_names[i].level)
			return level_names[i].name;
	return "DEBUG";
}

void km_log(int level, const char *fmt, ...)
{
	char line[LINE_SIZE];
	int saved = errno;
	va_list ap;
	int len;

	if (writing || !km_log_is_on(level))
		return;
	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof(line))
		memcpy(line + sizeof(line) - 4, "...", 4);
	writing = true;
	if (len >= 0)
		log_writer(level, line);
	writing = false;
	errno = saved;
}
