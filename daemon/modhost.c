/* SPDX-License-Identifier: ISC */
/* modhost.c - the list of modules, their parameters and hooks. */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/group.h"
#include "daemon/modhost.h"
#include "daemon/modpath.h"
#include "daemon/modvar.h"
#include "daemon/param.h"

struct modhost {
	struct modhost *next, *prev;
	void *handle; /* of dlopen() */
	const struct kmemd_module *module;
	char *path;
	struct modvar vars;
	char **owned; /* for each parameter: the text it points to, or NULL */
	bool is_init; /* mod_init was run, destroy is to be run */
};

static struct {
	struct modhost *first, *last;
} host;

/* Write down why, for the caller, who knows the place. Returns rc. */
__attribute__((format(printf, 3, 4))) static int refuse(
    struct modhost_why *why, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return rc;
}

static size_t count_params(const struct kmemd_module *module)
{
	size_t n = 0;

	while (module->params != NULL && module->params[n].name != NULL)
		n++;
	return n;
}

/* Is it a module, of this ABI? */
static int check_module(const struct modhost *m, struct modhost_why *why)
{
	const struct kmemd_module *module = m->module;

	if (module == NULL)
		return refuse(why, -KM_EINVAL,
		    "%s is no module of kmemd: it has no symbol \"exports\"",
		    m->path);
	if (module->abi != KMEMD_MODULE_ABI)
		return refuse(why, -KM_EABI,
		    "%s was built for module ABI %u, this kmemd has ABI %d: "
		    "build the module again with the headers of this kmemd",
		    m->path, (unsigned)module->abi, KMEMD_MODULE_ABI);
	if (module->name == NULL || *module->name == '\0' ||
	    module->version == NULL)
		return refuse(why, -KM_EINVAL,
		    "%s: the descriptor names no module or version", m->path);
	if (modhost_find(module->name) != NULL)
		return refuse(why, -KM_EEXIST,
		    "module %s is loaded already, from %s", module->name,
		    modhost_find(module->name)->path);
	return 0;
}

static int open_module(struct modhost *m, struct modhost_why *why)
{
	m->handle = dlopen(m->path, RTLD_NOW | RTLD_LOCAL);
	if (m->handle == NULL)
		return refuse(
		    why, -KM_EINVAL, "cannot load a module: %s", dlerror());
	m->module = dlsym(m->handle, "exports");
	return check_module(m, why);
}

static void free_module(struct modhost **m)
{
	size_t n = (*m)->owned != NULL ? count_params((*m)->module) : 0;

	for (size_t i = 0; i < n; i++)
		free((*m)->owned[i]);
	free((*m)->owned);
	modvar_close(&(*m)->vars);
	if ((*m)->handle != NULL)
		dlclose((*m)->handle);
	free((*m)->path);
	free(*m);
	*m = NULL;
}

static void append(struct modhost *m)
{
	m->prev = host.last;
	if (host.last != NULL)
		host.last->next = m;
	else
		host.first = m;
	host.last = m;
}

int modhost_load(
    const char *name, struct modhost_why *why, struct modhost **module)
{
	struct modhost *m = calloc(1, sizeof(*m));
	int rc;

	if (m == NULL)
		return refuse(why, -KM_ENOMEM, "out of memory");
	rc = modpath_find(name, &m->path, why->text, sizeof(why->text));
	if (rc < 0)
		goto out;
	rc = open_module(m, why);
	if (rc == 0)
		rc = modvar_open(&m->vars, m->module, why);
	if (rc < 0)
		goto out;
	m->owned = calloc(count_params(m->module) + 1, sizeof(*m->owned));
	if (m->owned == NULL) {
		rc = refuse(why, -KM_ENOMEM, "out of memory");
		goto out;
	}
	append(m);
	*module = m;
	LM_DBG("module %s %s loaded from %s", m->module->name,
	    m->module->version, m->path);
out:
	if (rc < 0)
		free_module(&m);
	return rc;
}

struct modhost *modhost_find(const char *name)
{
	for (struct modhost *m = host.first; m != NULL; m = m->next)
		if (strcmp(m->module->name, name) == 0)
			return m;
	return NULL;
}

static size_t add_name(char *buf, size_t size, size_t at, const char *name)
{
	if (at < size)
		at += (size_t)snprintf(
		    buf + at, size - at, "%s%s", at > 0 ? ", " : "", name);
	return at;
}

/* The names of all parameters, for who mistyped one; variables are among them.
 */
static void list_params(const struct modhost *m, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count_params(m->module); i++)
		at = add_name(buf, size, at, m->module->params[i].name);
	for (unsigned i = 0; i < group_count(m->vars.group); i++)
		at = add_name(buf, size, at, group_row(m->vars.group, i)->name);
}

static int no_such_param(
    const struct modhost *m, const char *name, struct modhost_why *why)
{
	const struct kmemd_module *module = m->module;
	char list[512];

	list_params(m, list, sizeof(list));
	if (*list == '\0')
		return refuse(why, -KM_ENOENT,
		    "module %s has no parameters, so not \"%s\"", module->name,
		    name);
	return refuse(why, -KM_ENOENT,
	    "module %s has no parameter \"%s\"; it has: %s", module->name, name,
	    list);
}

static int set_int(const struct kmemd_module *module,
    const struct kmemd_module_param *param, const char *text,
    struct modhost_why *why)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (end == text || *end != '\0' || strchr(" \t\n\v\f\r", *text) != NULL)
		return refuse(why, -KM_EINVAL,
		    "module %s: %s: \"%s\" is not an integer", module->name,
		    param->name, text);
	if (errno != 0 || value < INT_MIN || value > INT_MAX)
		return refuse(why, -KM_ERANGE,
		    "module %s: %s: %s is not an integer from %d to %d",
		    module->name, param->name, text, INT_MIN, INT_MAX);
	*(int *)param->where = (int)value;
	return 0;
}

/* The module borrows its text for good: *owned keeps it. */
static int set_string(const struct kmemd_module_param *param, const char *text,
    char **owned, struct modhost_why *why)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return refuse(why, -KM_ENOMEM, "out of memory");
	*(const char **)param->where = copy;
	free(*owned);
	*owned = copy;
	return 0;
}

int modhost_param(struct modhost *module, const char *name, const char *text,
    struct modhost_why *why)
{
	const struct kmemd_module *desc = module->module;
	size_t n = count_params(desc);
	int rc;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(desc->params[i].name, name) != 0)
			continue;
		if (desc->params[i].type == KMEMD_PARAM_INT)
			return set_int(desc, &desc->params[i], text, why);
		return set_string(
		    &desc->params[i], text, &module->owned[i], why);
	}
	rc = modvar_set(&module->vars, name, text, why);
	return rc == -KM_ENOENT ? no_such_param(module, name, why) : rc;
}

int modhost_init_all(void)
{
	for (struct modhost *m = host.first; m != NULL; m = m->next) {
		int rc = 0;

		if (m->module->mod_init != NULL)
			rc = m->module->mod_init();
		if (rc < 0) {
			LM_ERR("module %s (%s): mod_init failed (%d), the "
			       "reason is above",
			    m->module->name, m->path, rc);
			return -KM_EREADY;
		}
		m->is_init = true;
	}
	return 0;
}

int modhost_child_init_all(int rank, struct event_base *base)
{
	for (struct modhost *m = host.first; m != NULL; m = m->next) {
		int rc = 0;

		if (m->module->child_init != NULL)
			rc = m->module->child_init(rank, base);
		if (rc < 0) {
			LM_ERR("module %s (%s): child_init of rank %d failed "
			       "(%d), the reason is above",
			    m->module->name, m->path, rank, rc);
			return -KM_EREADY;
		}
	}
	return 0;
}

void modhost_destroy_all(void)
{
	for (struct modhost *m = host.last; m != NULL; m = m->prev)
		if (m->is_init && m->module->destroy != NULL)
			m->module->destroy();
	while (host.last != NULL) {
		struct modhost *m = host.last;

		host.last = m->prev;
		free_module(&m);
	}
	host.first = NULL;
}

const struct modhost *modhost_next(const struct modhost *module)
{
	return module != NULL ? module->next : host.first;
}

const struct kmemd_module *modhost_module(const struct modhost *module)
{
	return module->module;
}

const char *modhost_path(const struct modhost *module)
{
	return module->path;
}
