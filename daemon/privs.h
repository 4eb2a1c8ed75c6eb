/* SPDX-License-Identifier: ISC */
/* privs.h - whom the service runs as, and its limits. */
#ifndef KMEMD_PRIVS_H
#define KMEMD_PRIVS_H
/*
 * Concurrency: the main thread, before other threads are started.
 */
#include <stddef.h>
#include <sys/types.h>

struct privs {
	uid_t uid;	/* (uid_t)-1: stay */
	gid_t gid;	/* (gid_t)-1: stay */
	char name[256]; /* user's name, "" when the uid has none */
};

/*
 * Look up user and group, by name or number; "" for either means no change,
 * but the group of a user that is named is that user's own.
 * Returns 0 and *privs; -KM_ENOENT: unknown (logged).
 */
int privs_resolve(const char *user, const char *group, struct privs *privs);

/*
 * The uid of a user, the gid of a group, by name or number; a number need not
 * have a name. Returns 0 and *id; -KM_ENOENT: there is none.
 */
int privs_find_user(const char *user, id_t *id);
int privs_find_group(const char *group, id_t *id);

/* A group alone, by name or number. Returns 0 and *gid; -KM_ENOENT (logged). */
int privs_group(const char *group, gid_t *gid);

/*
 * Whether privs_drop() will work, before anything is made for that user.
 * Returns 0; -KM_EPERM, with the remedy in the log.
 */
int privs_may_drop(const struct privs *privs);

/*
 * Become that user and group, for good, without supplementary groups but those
 * of the user. Returns 0; -KM_EPERM, with the remedy in the log.
 */
int privs_drop(const struct privs *privs);

/*
 * Core files: forbidden; or allowed up to the hard limit, also after
 * privs_drop(), and the process stays readable to tools of its user.
 * Kept by fork. 0 or -KM_ESYS (logged).
 */
int privs_forbid_core(void);
int privs_allow_core(void);

/*
 * Before privs_drop(): let this process and its children have n descriptors
 * open. Returns 0; -KM_EPERM, with the remedy in the log.
 */
int privs_allow_files(size_t n);

/*
 * Before privs_drop(): let this process and its children lock as much as they
 * like. Without the right to, the limit stays as it is: it may be enough.
 */
void privs_allow_lock(void);

/*
 * Lock what is mapped now and later in memory, each page once it is touched
 * (sparse memory stays sparse). Not kept by fork: each process calls it.
 * Returns 0; -KM_EPERM, with the remedy in the log.
 */
int privs_lock_memory(void);

#endif
