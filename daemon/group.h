/* SPDX-License-Identifier: ISC */
/* group.h - a cfg group: variables, and their values, shared by all processes.
 */
#ifndef KMEMD_GROUP_H
#define KMEMD_GROUP_H
/*
 * What a variable is says its row (param.h).  Its value is in a mapping that
 * workers inherit.  A number that applies at once has a value for the whole
 * service and one for each process, by its row in the process table, which is
 * the one in force there: a store for the service is a store for each.  All
 * other variables have one value.
 *
 * A store is in the memory of all readers, of stopped ones too, when it
 * returns.  A text that applies at once is a latch, as mem/account.h is: two
 * copies and a sequence number, so that it is read whole even while the writer
 * is stopped in the middle of a store.
 *
 * Lifetime: group_new() before the first fork, to group_free().
 * Concurrency: the supervisor alone stores; all may read, from any thread.
 */
#include <stdbool.h>
#include <stddef.h>

struct group;
struct param;

/*
 * A group of n variables, with their defaults; name and rows are borrowed.
 * It is the last of all groups. Returns 0 and *group; -KM_ENOMEM; -KM_ESYS.
 */
int group_new(const char *name, const struct param *rows, unsigned n,
    struct group **group);
void group_free(struct group **group);

/* In the order of group_new(). NULL gives the first; NULL: no more. */
struct group *group_next(const struct group *group);
struct group *group_find(const char *name); /* NULL: there is none */

const char *group_name(const struct group *group);
unsigned group_count(const struct group *group);
const struct param *group_row(const struct group *group, unsigned i);
/* A variable by its name; group_count() when there is none. */
unsigned group_index(const struct group *group, const char *name);

/* What modules hold of one of their variables, see module.h. */
struct km_var;
struct km_var *group_var(struct group *group, unsigned i);

/* --- values: of the service, or of one process --- */

long group_int(const struct group *group, unsigned i);
long group_int_of(const struct group *group, unsigned i, unsigned process);

/* Whether processes may have values of their own. */
bool group_has_own(const struct group *group, unsigned i);

/* For who stores, and for what applies at start: never NULL, borrowed. */
const char *group_string(const struct group *group, unsigned i);

/* For everybody else: into buf, cut to fit; buf. */
const char *group_copy_string(
    const struct group *group, unsigned i, char *buf, size_t size);

/*
 * Check by the row, and store, for the service. Returns 0; -KM_EINVAL: of the
 * other type; -KM_ERANGE.
 */
int group_set_int(struct group *group, unsigned i, long value);
int group_set_string(struct group *group, unsigned i, const char *value);
/* From text, as the configuration has it. */
int group_set_text(struct group *group, unsigned i, const char *text);

/*
 * The same for one process alone. -KM_ENOENT: it cannot have a value of its
 * own.
 */
int group_set_int_of(
    struct group *group, unsigned i, unsigned process, long value);

/* All variables have their defaults. */
void group_default(struct group *group);

/*
 * The values of now, in all groups, are what the service starts with. They can
 * be read later: a text is NULL when it is a number.
 */
void group_keep_all(void);
long group_start_int(const struct group *group, unsigned i);
const char *group_start_string(const struct group *group, unsigned i);

/* Whether that is in force, for the service and in each process. */
bool group_is_as_started(const struct group *group, unsigned i);

/* --- processes --- */

/* Before its fork: the process in this row begins with the service's values. */
void group_start_process(unsigned process);

/* In the process itself: it is the one in this row. Row 0 needs none. */
void group_be_process(unsigned process);

/* Rows of processes that have begun. */
unsigned group_processes(void);

/* The values of a process that are its own, in the order of the rows. */
int *group_own(struct group *group, unsigned process);

#endif
