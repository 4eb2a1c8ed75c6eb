/* SPDX-License-Identifier: ISC */
/* logsink.h - where the lines of km_log go: standard error or syslog. */
#ifndef KMEMD_LOGSINK_H
#define KMEMD_LOGSINK_H
/*
 * logsink_open(LOGSINK_TERMINAL) comes first of all in main(): it is for the
 * user at the keyboard, who reads warnings and errors as they are.  Once the
 * configuration is known it is opened again, for good.
 *
 *   terminal   TEXT                                    (up to L_WARN)
 *   stderr     2026-11-23 09:00:00.123 LEVEL: [PID RANK] TEXT
 *   syslog     kmemd[PID]: LEVEL: [RANK] TEXT          (priority as Kamailio's)
 *
 * Lifetime: logsink_open() to logsink_close(); survives fork.
 * Concurrency: lines may come from any thread, each is written at once and
 * whole; the verbs here are for the main thread.
 */
#include <stdbool.h>

enum logsink_where {
	LOGSINK_TERMINAL,
	LOGSINK_STDERR,
	LOGSINK_SYSLOG,
	LOGSINK_WHERE__COUNT
};

/*
 * Become the writer of km_log. Under LOGSINK_SYSLOG each line has the facility
 * that the parameter log_facility says then.
 */
void logsink_open(enum logsink_where where);

/* Let go of syslog's socket and connect again: SIGHUP, or a new /dev. */
void logsink_reopen(void);

/* The rank that lines of this process name; 0, the supervisor's, at first. */
void logsink_set_rank(int rank);

/*
 * While the service starts: errors (L_ERR and worse) go to this descriptor
 * too, as they are. Borrowed; -1 ends it.
 */
void logsink_tee(int fd);

/* km_log has no writer afterwards. */
void logsink_close(void);

/* What syslog calls a level: LOG_ERR ... */
int logsink_priority(int level);

/* What syslog calls a facility: LOG_DAEMON ...; < 0: it has none such. */
int logsink_facility(const char *name);

#endif
