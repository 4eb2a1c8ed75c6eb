/* SPDX-License-Identifier: ISC */
/* method.c - names, look-up and signatures of methods. */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/near.h"
#include "rpc/method.h"

const char *const rpc_type_names[RPC_TYPE__COUNT] = {
	[RPC_INT] = "int",
	[RPC_STRING] = "string",
	[RPC_BOOL] = "bool",
	[RPC_ANY] = "any",
};
static_assert(RPC_TYPE__COUNT == 4, "a type without a name");

const char *const rpc_role_names[RPC_ROLE__COUNT] = {
	[RPC_ROLE_READ] = "read",
	[RPC_ROLE_DUMP] = "dump",
	[RPC_ROLE_ADMIN] = "admin",
};
static_assert(RPC_ROLE__COUNT == 3, "a role without a name");

const struct rpc_method *rpc_method_find(
    const struct rpc_method *const *tables, const char *name)
{
	for (; *tables != NULL; tables++)
		for (const struct rpc_method *m = *tables; m->name; m++)
			if (strcmp(m->name, name) == 0)
				return m;
	return NULL;
}

const char *rpc_method_hint(const struct rpc_method *const *tables,
    const char *name, const char *rest, char *buf, size_t size)
{
	struct near near;

	near_begin(&near, name);
	for (; *tables != NULL; tables++)
		for (const struct rpc_method *m = *tables; m->name; m++)
			near_try(&near, m->name);
	return near_hint(&near, rest, buf, size);
}

const char *rpc_method_signature(
    const struct rpc_method *method, char *buf, size_t size)
{
	int len = snprintf(buf, size, "%s", method->name);
	const struct rpc_param *p = method->params;

	for (; p != NULL && p->name != NULL && (size_t)len < size; p++)
		len += snprintf(buf + len, size - (size_t)len, " %s%s:%s%s%s",
		    p->optional ? "[" : "", p->name, rpc_type_names[p->type],
		    p->rest ? " ..." : "", p->optional ? "]" : "");
	return buf;
}
