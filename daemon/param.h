/* SPDX-License-Identifier: ISC */
/* param.h - the parameters of kmemd, its cfg group core: one row each. */
#ifndef KMEMD_PARAM_H
#define KMEMD_PARAM_H
/*
 * The rows feed the configuration parser, the command line, cfg.*, --help-conf
 * and the lint of kmemd.conf(5).  Values are shared by all processes of the
 * service, as group.h says: what the supervisor stores, every worker reads.
 *
 * Lifetime: param_init() to the end of the process.
 * Concurrency: the supervisor alone stores; all may read.
 */
#include <stdbool.h>
#include <stddef.h>

enum param_type {
	PARAM_INT,
	PARAM_BOOL,
	PARAM_STRING,
	PARAM_TYPE__COUNT
};
extern const char *const param_type_names[PARAM_TYPE__COUNT];

enum param_when {
	PARAM_AT_START, /* a change needs a restart */
	PARAM_AT_ONCE,	/* cfg.set_now_* changes it in all processes */
	PARAM_WHEN__COUNT
};
extern const char *const param_when_names[PARAM_WHEN__COUNT];

#include "daemon/param_rows.h"

enum param_id {
#define X(id, ...) P_##id,
	PARAM_ROWS(X)
#undef X
	P__COUNT
};

/* A row, of a parameter or of a module's variable. */
struct param {
	const char *name;
	enum param_type type;
	long min, max; /* of a string: its length */
	long number;
	const char *text;
	const char *choices; /* of a string: "memfd|sysv"; NULL: any text */
	const char *unit; /* "MB", "ms", "", "address" (hex), "mode" (octal) */
	enum param_when when;
	const char *help;
};

/* Room for what param_range() writes, and for param_text() of any row. */
#define PARAM_TEXT_SIZE 1024

/*
 * Set all values to their defaults and make libkmem's switches (base/tune.h)
 * part of them. Returns 0, or < 0 (logged).
 */
int param_init(void);

/* In a worker, right after the fork: it has this row of the process table. */
void param_be_process(unsigned process);

const struct param *param_row(enum param_id id);
/* By name or alias; P__COUNT when there is none. */
enum param_id param_find(const char *name);
/* For who has named one that is not there: near_hint(). */
const char *param_hint(const char *name, char *buf, size_t size);

/* For the service; what a process has for itself is in base/tune.h. */
long param_int(enum param_id id); /* numbers and booleans */

/* Whether a process of the service has memdbg at debug or below. */
bool param_is_traced(void);

/* Never NULL. Of one that applies at once: for the supervisor alone. */
const char *param_string(enum param_id id);

/* For everybody: into buf, cut to fit; buf. */
const char *param_copy_string(enum param_id id, char *buf, size_t size);

/*
 * Check and store. Returns 0; -KM_EINVAL: of the other type; -KM_ERANGE.
 * The row says what would be right.
 */
int param_set_int(enum param_id id, long value);
int param_set_string(enum param_id id, const char *value);

/*
 * From text, as the command line has it ("yes" and "no" for a boolean).
 * Returns as param_set_int().
 */
int param_set_text(enum param_id id, const char *text);

/* As param_set_text(), but store nothing. */
int param_check_text(enum param_id id, const char *text);

/* The value as param_set_text() takes it: "64", "yes", "0660". Into buf; buf.
 */
const char *param_text(enum param_id id, char *buf, size_t size);

/* The same, of the default. */
const char *param_default_text(enum param_id id, char *buf, size_t size);

/* "an integer from 1 to 1024 (MB)": what param_set_* takes. Into buf; buf. */
const char *param_range(enum param_id id, char *buf, size_t size);

/*
 * What one value says depends on another: ranges that meet, a minimum above
 * its maximum. Returns 0, or -KM_EINVAL and why in buf.
 */
int param_check_all(char *buf, size_t size);

/* Print the table on stdout, for --help-conf. */
void param_print_table(void);

#endif
