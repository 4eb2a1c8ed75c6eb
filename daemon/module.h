/* SPDX-License-Identifier: ISC */
/* module.h - [public] what a module of kmemd exports. */
#ifndef KMEMD_MODULE_H
#define KMEMD_MODULE_H
/*
 * A module is a shared object with one symbol, `exports`:
 *
 *   #define MOD_NAME "hello"
 *   #include "mem/mem.h"
 *   #include "daemon/module.h"
 *   KMEMD_EXPORTS = { KMEMD_MODULE_ABI, MOD_NAME, "1.0", params,
 *           .mod_init = hello_init, .child_init = hello_child };
 *
 * Order: parameters while the configuration is read (no shm then), mod_init
 * in the supervisor before it forks, child_init in each process, destroy in
 * each process as it stops, last module first, with the event base of
 * child_init still there.  The replacement of a dead worker is forked later, so
 * it starts with a copy of what child_init(0) made in the supervisor.
 * Source of the shape: Kamailio, src/core/sr_module.h.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/export.h"

struct event_base;

#define KMEMD_MODULE_ABI 2

enum kmemd_param_type {
	KMEMD_PARAM_INT,    /* where: int * */
	KMEMD_PARAM_STRING, /* where: const char **, borrowed for good */
	KMEMD_PARAM__COUNT
};

struct kmemd_module_param {
	const char *name; /* NULL ends the list */
	enum kmemd_param_type type;
	void *where; /* holds the default until modparam() sets it */
	const char *help;
};

/*
 * A variable is shown and changed by cfg.* while the service runs, in a group
 * named after the module.  modparam() sets what it starts with, as it does a
 * parameter.  A store by cfg.* is seen at the next km_var_int() or
 * km_var_string(), which any thread of any process may call.
 */
struct km_var;

enum kmemd_var_when {
	KMEMD_VAR_AT_START, /* modparam() alone sets it: read-only afterwards */
	KMEMD_VAR_AT_ONCE,
	KMEMD_VAR_WHEN__COUNT
};

struct kmemd_module_var {
	const char *name; /* NULL ends the list */
	enum kmemd_param_type type;
	struct km_var **where; /* filled in when the module is loaded */
	int min, max;	       /* of a string: its length, 1023 at most */
	int number;	       /* default */
	const char *text;      /* default of a string */
	enum kmemd_var_when when;
	const char *help;
};

/* The rank that child_init is given in the supervisor; workers are 1, 2 ... */
#define KMEMD_RANK_SUPERVISOR 0

struct kmemd_module {
	uint32_t abi; /* KMEMD_MODULE_ABI */
	const char *name;
	const char *version;
	const struct kmemd_module_param *params; /* NULL: none */

	/* Each may be NULL; < 0 after having logged why: the start fails. */
	int (*mod_init)(void);
	int (*child_init)(int rank, struct event_base *base);
	void (*destroy)(void);

	const struct kmemd_module_var *vars; /* NULL: none */
};

#define KMEMD_EXPORTS KM_API const struct kmemd_module exports

/*
 * For mod_init and later: the number of workers; and what core.psx and
 * pkg.stats say that this process does, cut at 63 bytes.
 */
KM_API int km_workers(void);
KM_API void km_set_desc(const char *desc);

/*
 * The value of a variable: of a number the one of this process, which can be
 * set for it alone; of a string into buf, cut to fit, and buf. The other type
 * gives 0 and "".
 */
KM_API long km_var_int(const struct km_var *var);
KM_API const char *km_var_string(
    const struct km_var *var, char *buf, size_t size);

#endif
