/* SPDX-License-Identifier: ISC */
/* modvar.c - from the rows of module.h to those of param.h. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "daemon/group.h"
#include "daemon/modvar.h"
#include "daemon/param_text.h"

static const enum param_type types[KMEMD_PARAM__COUNT] = {
	[KMEMD_PARAM_INT] = PARAM_INT,
	[KMEMD_PARAM_STRING] = PARAM_STRING,
};

static const enum param_when times[KMEMD_VAR_WHEN__COUNT] = {
	[KMEMD_VAR_AT_START] = PARAM_AT_START,
	[KMEMD_VAR_AT_ONCE] = PARAM_AT_ONCE,
};

static unsigned count_vars(const struct kmemd_module *module)
{
	unsigned n = 0;

	while (module->vars != NULL && module->vars[n].name != NULL)
		n++;
	return n;
}

/* Whether the module's author has filled it in so that it can be used. */
static bool is_sound(const struct kmemd_module_var *var)
{
	bool is_string = var->type == KMEMD_PARAM_STRING;

	return *var->name != '\0' && var->where != NULL && var->help != NULL &&
	       var->type < KMEMD_PARAM__COUNT &&
	       var->when < KMEMD_VAR_WHEN__COUNT &&
	       is_string == (var->text != NULL) &&
	       (!is_string || (var->min >= 0 && var->max < PARAM_TEXT_SIZE));
}

static bool has_good_default(const struct param *row)
{
	if (row->type == PARAM_STRING)
		return param_check_string(row, row->text) == 0;
	return param_check_int(row, row->number) == 0;
}

static int make_row(const struct kmemd_module *module,
    const struct kmemd_module_var *var, struct param *row,
    struct modhost_why *why)
{
	if (is_sound(var)) {
		*row = (struct param){
			.name = var->name,
			.type = types[var->type],
			.min = var->min,
			.max = var->max,
			.number = var->number,
			.text = var->text,
			.unit = "",
			.when = times[var->when],
			.help = var->help,
		};
		if (has_good_default(row))
			return 0;
	}
	snprintf(why->text, sizeof(why->text),
	    "module %s: the row of variable \"%s\" is wrong: it needs a name, "
	    "a type, a place for its handle, a default within its range, and "
	    "a help text",
	    module->name, var->name);
	return -KM_EINVAL;
}

static int make_group(struct modvar *vars, const struct kmemd_module *module,
    unsigned n, struct modhost_why *why)
{
	int rc;

	if (group_find(module->name) != NULL) {
		snprintf(why->text, sizeof(why->text),
		    "module %s: there is a cfg group of this name: the module "
		    "needs another one",
		    module->name);
		return -KM_EEXIST;
	}
	rc = group_new(module->name, vars->rows, n, &vars->group);
	if (rc < 0)
		snprintf(why->text, sizeof(why->text),
		    "module %s: no memory for its variables: %s", module->name,
		    km_strerror(rc));
	return rc;
}

int modvar_open(struct modvar *vars, const struct kmemd_module *module,
    struct modhost_why *why)
{
	unsigned n = count_vars(module);
	int rc = 0;

	vars->group = NULL;
	vars->rows = calloc(n + 1, sizeof(*vars->rows));
	if (vars->rows == NULL) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return -KM_ENOMEM;
	}
	for (unsigned i = 0; i < n && rc == 0; i++)
		rc = make_row(module, &module->vars[i], &vars->rows[i], why);
	if (rc == 0)
		rc = make_group(vars, module, n, why);
	for (unsigned i = 0; i < n && rc == 0; i++)
		*module->vars[i].where = group_var(vars->group, i);
	return rc;
}

void modvar_close(struct modvar *vars)
{
	group_free(&vars->group);
	free(vars->rows);
	vars->rows = NULL;
}

int modvar_set(const struct modvar *vars, const char *name, const char *text,
    struct modhost_why *why)
{
	unsigned i = group_index(vars->group, name);
	char range[PARAM_TEXT_SIZE];
	int rc;

	if (i == group_count(vars->group))
		return -KM_ENOENT;
	rc = group_set_text(vars->group, i, text);
	if (rc < 0)
		snprintf(why->text, sizeof(why->text),
		    "module %s: %s: \"%.100s\" is not %s",
		    group_name(vars->group), name, text,
		    param_row_range(&vars->rows[i], range, sizeof(range)));
	return rc;
}
