/* SPDX-License-Identifier: ISC */
/* roles.c - who may do what at the RPC socket, and who may attach. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/param.h"
#include "daemon/privs.h"
#include "daemon/roles.h"

#define SEPARATORS " \t,"
#define NAME_SIZE  256
#define IDS_MOST   512 /* "1 2 3 ...": as many as a parameter's text holds */

struct list {
	bool everybody;
	size_t count;
	uint32_t id[IDS_MOST];
};

/* Behind the roles: who may attach. */
enum {
	ROLE_ATTACH = RPC_ROLE__COUNT,
	ROLES__COUNT,
};

static struct {
	struct list users, groups;
} roles[ROLES__COUNT];

static const struct {
	enum param_id users, groups;
} rows[ROLES__COUNT] = {
	[RPC_ROLE_READ] = { P_RPC_READ_USERS, P_RPC_READ_GROUPS },
	[RPC_ROLE_DUMP] = { P_RPC_DUMP_USERS, P_RPC_DUMP_GROUPS },
	[RPC_ROLE_ADMIN] = { P_RPC_ADMIN_USERS, P_RPC_ADMIN_GROUPS },
	[ROLE_ATTACH] = { P_ATTACH_USERS, P_ATTACH_GROUPS },
};

/* ---- reading the lists --------------------------------------------------- */

static int add(
    struct list *list, const char *name, int (*find)(const char *, id_t *))
{
	id_t id;

	if (strcmp(name, "*") == 0) {
		list->everybody = true;
		return 0;
	}
	if (list->count == IDS_MOST || find(name, &id) < 0)
		return -KM_ENOENT;
	list->id[list->count++] = id;
	return 0;
}

/* The next word of *at into name; false at the end. */
static bool next_word(const char **at, char *name)
{
	size_t len;

	*at += strspn(*at, SEPARATORS);
	len = strcspn(*at, SEPARATORS);
	if (len == 0)
		return false;
	/* No name is longer than that: the look-up of a part fails. */
	snprintf(name, NAME_SIZE, "%.*s", (int)len, *at);
	*at += len;
	return true;
}

static int load(struct list *list, enum param_id id, const char *noun,
    int (*find)(const char *, id_t *))
{
	const char *at = param_string(id);
	char name[NAME_SIZE];

	list->count = 0;
	list->everybody = false;
	while (next_word(&at, name)) {
		if (add(list, name, find) == 0)
			continue;
		LM_ERR("%s: there is no %s \"%s\"; create it, or give another "
		       "name, a number, or * for everybody",
		    param_row(id)->name, noun, name);
		return -KM_ENOENT;
	}
	return 0;
}

int roles_load(void)
{
	int rc = 0;

	for (int role = 0; role < ROLES__COUNT && rc == 0; role++) {
		rc = load(&roles[role].users, rows[role].users, "user",
		    privs_find_user);
		if (rc == 0)
			rc = load(&roles[role].groups, rows[role].groups,
			    "group", privs_find_group);
	}
	return rc;
}

/* ---- finding a role ------------------------------------------------------ */

static bool has(const struct list *list, uint32_t id)
{
	bool found = list->everybody;

	for (size_t i = 0; i < list->count && !found; i++)
		found = list->id[i] == id;
	return found;
}

static bool has_any(const struct list *list, const struct rpc_peer *peer,
    const struct rpc_groups *groups)
{
	bool found = has(list, peer->gid);

	for (size_t i = 0; i < groups->count && !found; i++)
		found = has(list, groups->id[i]);
	return found;
}

/* Root, and whom the service runs as. */
static bool is_own(const struct rpc_peer *peer)
{
	return peer->uid == 0 || peer->uid == geteuid();
}

static bool has_role(
    int role, const struct rpc_peer *peer, const struct rpc_groups *groups)
{
	return has(&roles[role].users, peer->uid) ||
	       has_any(&roles[role].groups, peer, groups);
}

int roles_find(const struct rpc_peer *peer, const struct rpc_groups *groups,
    enum rpc_role *role)
{
	int best = RPC_ROLE__COUNT - 1;

	if (!is_own(peer))
		while (best >= 0 && !has_role(best, peer, groups))
			best--;
	if (best < 0)
		return -KM_EPERM;
	*role = (enum rpc_role)best;
	return 0;
}

bool roles_may_attach(
    const struct rpc_peer *peer, const struct rpc_groups *groups)
{
	return is_own(peer) || has_role(ROLE_ATTACH, peer, groups);
}
