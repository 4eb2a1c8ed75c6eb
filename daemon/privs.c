/* SPDX-License-Identifier: ISC */
/* privs.c - whom the service runs as, and its limits. */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/privs.h"

#define ID_MAX 4294967294L /* the next one is (uid_t)-1, "no change" */

/* A number, all of it. Returns 0 and *id, or -KM_EINVAL. */
static int parse_id(const char *text, long *id)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -KM_EINVAL;
	errno = 0;
	*id = strtol(text, &end, 10);
	if (errno != 0 || *end != '\0' || *id > ID_MAX)
		return -KM_EINVAL;
	return 0;
}

static int find_number(const char *text, id_t *id)
{
	long number;

	if (parse_id(text, &number) < 0)
		return -KM_ENOENT;
	*id = (id_t)number;
	return 0;
}

int privs_find_user(const char *user, id_t *id)
{
	const struct passwd *pw = getpwnam(user);

	if (pw == NULL)
		return find_number(user, id);
	*id = pw->pw_uid;
	return 0;
}

int privs_find_group(const char *group, id_t *id)
{
	const struct group *gr = getgrnam(group);

	if (gr == NULL)
		return find_number(group, id);
	*id = gr->gr_gid;
	return 0;
}

int privs_group(const char *group, gid_t *gid)
{
	if (privs_find_group(group, gid) == 0)
		return 0;
	LM_ERR("group \"%s\": there is no such group; create it, or give a "
	       "name of /etc/group or a number",
	    group);
	return -KM_ENOENT;
}

/* Name, uid, and the gid that goes with it when it has an entry. */
static int resolve_user(const char *user, struct privs *privs)
{
	const struct passwd *pw = getpwnam(user);
	long id;

	if (pw == NULL && parse_id(user, &id) == 0) {
		privs->uid = (uid_t)id;
		pw = getpwuid((uid_t)id);
		if (pw == NULL)
			return 0;
	}
	if (pw == NULL) {
		LM_ERR("user \"%s\": there is no such user; create it, or give "
		       "a name of /etc/passwd or a number",
		    user);
		return -KM_ENOENT;
	}
	privs->uid = pw->pw_uid;
	privs->gid = pw->pw_gid;
	snprintf(privs->name, sizeof(privs->name), "%s", pw->pw_name);
	return 0;
}

int privs_resolve(const char *user, const char *group, struct privs *privs)
{
	int rc = 0;

	*privs = (struct privs){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
	if (*user != '\0')
		rc = resolve_user(user, privs);
	if (rc == 0 && *group != '\0')
		rc = privs_group(group, &privs->gid);
	if (rc == 0 && privs->uid != (uid_t)-1 && privs->gid == (gid_t)-1) {
		LM_ERR("user \"%s\" has no entry in /etc/passwd, so its group "
		       "is not known: set the parameter group",
		    user);
		rc = -KM_ENOENT;
	}
	return rc;
}

static int deny(const char *what, unsigned long id)
{
	LM_ERR("cannot become %s %lu: %m; start kmemd as root, or as that %s "
	       "without the parameter %s",
	    what, id, what, what);
	return -KM_EPERM;
}

/* Whether this process has that right now, root or not. */
static bool has_cap(unsigned cap)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
		0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, data) == 0)
		return data[0].effective >> cap & 1;
	return true; /* privs_drop() finds out */
}

int privs_may_drop(const struct privs *privs)
{
	uid_t uids[3];
	gid_t gids[3];

	errno = EPERM;
	if (privs->uid != (uid_t)-1 && !has_cap(CAP_SETUID) &&
	    getresuid(&uids[0], &uids[1], &uids[2]) == 0 &&
	    privs->uid != uids[0] && privs->uid != uids[1] &&
	    privs->uid != uids[2])
		return deny("user", privs->uid);
	if (privs->gid != (gid_t)-1 && !has_cap(CAP_SETGID) &&
	    getresgid(&gids[0], &gids[1], &gids[2]) == 0 &&
	    privs->gid != gids[0] && privs->gid != gids[1] &&
	    privs->gid != gids[2])
		return deny("group", privs->gid);
	return 0;
}

/* Only root can, and only root has groups to lose. */
static int set_groups(const struct privs *privs)
{
	int rc;

	if (geteuid() != 0)
		return 0;
	if (*privs->name != '\0')
		rc = initgroups(privs->name, privs->gid);
	else
		rc = setgroups(1, &privs->gid);
	return rc == 0 ? 0 : deny("group", privs->gid);
}

/* A way back to root would make all of it worth nothing. */
static int check_dropped(const struct privs *privs)
{
	uid_t r, e, s;

	if (getresuid(&r, &e, &s) != 0 || r != privs->uid || e != privs->uid ||
	    s != privs->uid || (privs->uid != 0 && setuid(0) == 0)) {
		LM_CRIT("still able to be root after the change to user %lu",
		    (unsigned long)privs->uid);
		return -KM_EPERM;
	}
	return 0;
}

int privs_drop(const struct privs *privs)
{
	if (privs->gid != (gid_t)-1) {
		int rc = set_groups(privs);

		if (rc < 0)
			return rc;
		if (setresgid(privs->gid, privs->gid, privs->gid) != 0)
			return deny("group", privs->gid);
	}
	if (privs->uid == (uid_t)-1)
		return 0;
	if (setresuid(privs->uid, privs->uid, privs->uid) != 0)
		return deny("user", privs->uid);
	return check_dropped(privs);
}

int privs_forbid_core(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == 0)
		return 0;
	LM_ERR("cannot forbid core files: %m");
	return -KM_ESYS;
}

int privs_allow_core(void)
{
	struct rlimit limit;

	/* A change of user has made the process undumpable. */
	if (getrlimit(RLIMIT_CORE, &limit) == 0 &&
	    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_CORE, &limit) == 0)
			return 0;
	}
	LM_ERR("cannot allow core files: %m");
	return -KM_ESYS;
}

int privs_allow_files(size_t n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= n)
		return 0;
	limit.rlim_cur = n;
	if (limit.rlim_max < n)
		limit.rlim_max = n;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 0;
	LM_ERR("%zu open files are needed, but the limit cannot be raised: %m; "
	       "raise it (ulimit -n, LimitNOFILE=), or have fewer "
	       "rpc_connections, workers or attach_programs",
	    n);
	return -KM_EPERM;
}

void privs_allow_lock(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &all) != 0)
		LM_DBG("cannot raise the limit of locked memory: %m");
}

int privs_lock_memory(void)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)
		return 0;
	LM_ERR("mlock_pages: cannot lock memory: %m; raise the limit of locked "
	       "memory (ulimit -l, LimitMEMLOCK=) or turn mlock_pages off");
	return -KM_EPERM;
}
