/* SPDX-License-Identifier: ISC */
/* params.h - compares the parameters of a request with a method's row. */
#ifndef RPC_PARAMS_H
#define RPC_PARAMS_H
/*
 * Lifetime: arguments borrow their values from the request's params, except
 * rest, which params_bind() makes and args_fini() puts.
 */
#include <stdbool.h>
#include <stddef.h>

#include "rpc/method.h"

struct json_object;

struct rpc_arg {
	bool has;
	struct json_object *value; /* NULL: JSON null */
};

struct rpc_args {
	struct json_object *rest; /* of a rest parameter: an array */
	size_t count;
	struct rpc_arg arg[]; /* in the order of the row */
};

/* Why params do not fit, each text complete in itself. */
struct params_fault {
	char message[256];
	char param[128]; /* may be empty */
	char hint[512];	 /* what would be right */
};

/* Number of parameters in a row. */
size_t params_count(const struct rpc_method *method);

/*
 * Sort params (array, object, or NULL) into args, which has room for
 * params_count(). Returns 0; -KM_EINVAL and *fault; -KM_ENOMEM.
 */
int params_bind(const struct rpc_method *method, struct json_object *params,
    struct rpc_args *args, struct params_fault *fault);

void args_fini(struct rpc_args *args);

#endif
