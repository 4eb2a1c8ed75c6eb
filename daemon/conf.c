/* SPDX-License-Identifier: ISC */
/* conf.c - reads the configuration file with libconfuse. */
#include "config.h"

#include <confuse.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/near.h"
#include "daemon/conf.h"
#include "daemon/conf_text.h"
#include "daemon/group.h"
#include "daemon/modhost.h"
#include "daemon/param.h"

#define LINE_SHOWN 60 /* bytes of a line in a message */

/* libconfuse gives its callbacks no pointer of ours. */
static struct {
	const bool *pinned;
	const struct conf_text *text;
	const char *name; /* of the last value that was read; NULL: none */
	char value[64];	  /* which is gone when more is read */
	int errors;
} reading;

/* libconfuse's texts that leave the remedy to us; this one has a name. */
static bool is_unknown_name(const char *fmt)
{
	return strcmp(fmt, "no such option '%s'") == 0;
}

static bool is_early_end(const char *fmt)
{
	return strcmp(fmt, "premature end of file") == 0;
}

/* NAME = without a value takes the next name for it: '=' or '(' is left. */
static bool is_name_taken(const cfg_t *cfg, const char *fmt)
{
	const cfg_opt_t *opt = cfg->opts;

	if (strcmp(fmt, "unexpected token '%s'") != 0 || reading.name == NULL)
		return false;
	while (opt->name != NULL && strcmp(opt->name, reading.value) != 0)
		opt++;
	return opt->name != NULL;
}

/* Returns the line to blame: libconfuse counts the newline at its end. */
static int early_end(int line, char *buf, size_t size)
{
	const char *last = "";
	size_t len = 0;
	unsigned at = conf_text_last(reading.text, &last, &len);

	snprintf(buf, size,
	    "the file ends before \"%.*s\" does: that needs its value, as in "
	    "NAME = VALUE, or its )",
	    len < LINE_SHOWN ? (int)len : LINE_SHOWN, last);
	return at > 0 ? (int)at : line;
}

/* All errors, ours and libconfuse's, come here. */
__attribute__((format(printf, 2, 0))) static void say_error(
    cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[1500], hint[NEAR_HINT_SIZE];
	const char *name;
	int line = cfg->line;

	if (is_unknown_name(fmt)) {
		name = va_arg(ap, const char *);
		snprintf(text, sizeof(text), "%s: no such parameter, %s", name,
		    param_hint(name, hint, sizeof(hint)));
	} else if (is_early_end(fmt)) {
		line = early_end(line, text, sizeof(text));
	} else if (is_name_taken(cfg, fmt)) {
		snprintf(text, sizeof(text),
		    "unexpected '%.100s': %s has no value of its own and took "
		    "the name \"%s\" for it (%s = \"\" is empty)",
		    va_arg(ap, const char *), reading.name, reading.value,
		    reading.name);
	} else {
		vsnprintf(text, sizeof(text), fmt, ap);
	}
	LM_ERR("%s:%d: %s", cfg->filename, line, text);
	reading.errors++;
}

/* A value has been read: store it in the parameter of that name. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	enum param_id id = param_find(cfg_opt_name(opt));
	char range[PARAM_TEXT_SIZE];
	int rc;

	*(const char **)result = value;
	reading.name = cfg_opt_name(opt);
	snprintf(reading.value, sizeof(reading.value), "%s", value);
	if (reading.pinned != NULL && reading.pinned[id])
		rc = param_check_text(id, value);
	else
		rc = param_set_text(id, value);
	if (rc < 0)
		cfg_error(cfg, "%s: \"%.100s\" is not %s", cfg_opt_name(opt),
		    value, param_range(id, range, sizeof(range)));
	return rc;
}

static int on_loadmodule(
    cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct modhost *module;
	struct modhost_why why;
	int rc;

	if (argc != 1) {
		cfg_error(cfg,
		    "loadmodule: needs one argument, "
		    "loadmodule(\"x.so\"), and has %d",
		    argc);
		return -1;
	}
	rc = modhost_load(argv[0], &why, &module);
	if (rc < 0)
		cfg_error(cfg, "loadmodule: %s", why.text);
	return rc;
}

static int on_modparam(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct modhost *module;
	struct modhost_why why;
	int rc;

	if (argc != 3) {
		cfg_error(cfg,
		    "modparam: needs three arguments, modparam(\"x\""
		    ", \"name\", value), and has %d",
		    argc);
		return -1;
	}
	module = modhost_find(argv[0]);
	if (module == NULL) {
		cfg_error(cfg,
		    "modparam: module %s is not loaded: put "
		    "loadmodule(\"%s.so\") before this line",
		    argv[0], argv[0]);
		return -1;
	}
	rc = modhost_param(module, argv[1], argv[2], &why);
	if (rc < 0)
		cfg_error(cfg, "modparam: %s", why.text);
	return rc;
}

/* What libconfuse shall know: all values are texts, which param.h checks. */
static cfg_opt_t confuse_options[] = {
#define X(id, name, ...) CFG_STR_CB(name, NULL, CFGF_NODEFAULT, on_value),
	PARAM_ROWS(X)
#undef X
#define X(name, id) CFG_STR_CB(name, NULL, CFGF_NODEFAULT, on_value),
	    PARAM_ALIASES(X)
#undef X
		CFG_FUNC("loadmodule", on_loadmodule),
	CFG_FUNC("modparam", on_modparam),
	CFG_END(),
};

static int parse(const char *path, const struct conf_text *text)
{
	cfg_t *cfg = cfg_init(confuse_options, CFGF_NONE);
	FILE *fp = fmemopen(text->bytes, text->size, "r");
	int rc = -KM_ENOMEM;

	if (cfg == NULL || fp == NULL)
		goto out;
	/* cfg_init() has turned to the user's language: messages stay ours. */
	setlocale(LC_ALL, "C");
	cfg_set_error_function(cfg, say_error);
	cfg->filename = strdup(path); /* for messages; cfg_free() frees it */
	if (cfg->filename == NULL)
		goto out;
	rc = 0;
	if (cfg_parse_fp(cfg, fp) != CFG_SUCCESS || reading.errors > 0)
		rc = -KM_EINVAL;
out:
	if (fp != NULL)
		fclose(fp);
	if (cfg != NULL)
		cfg_free(cfg);
	return rc;
}

/* conf_text_read() has failed. */
static void say_unreadable(
    const char *path, int rc, const struct conf_text *text)
{
	if (rc == -KM_EINVAL)
		LM_ERR("%s:%u: %s", path, text->line, text->why);
	else if (rc == -KM_ELIMIT)
		LM_ERR("%s: cannot read the configuration: it has more than "
		       "%d bytes",
		    path, CONF_TEXT_MAX);
	else if (rc == -KM_ENOMEM)
		LM_ERR(
		    "%s: cannot read the configuration: out of memory", path);
	else
		LM_ERR("%s: cannot read the configuration: %m", path);
}

/*
 * Values that do not fit each other: no single line is to blame. Those that do
 * are what the service starts with.
 */
static int check_all(const char *path)
{
	char why[PARAM_TEXT_SIZE];
	int rc = param_check_all(why, sizeof(why));

	if (rc < 0)
		LM_ERR("%s: %s", path, why);
	else
		group_keep_all();
	return rc;
}

int conf_load(const char *path, enum conf_need need, const bool *pinned)
{
	struct conf_text text;
	int rc = conf_text_read(path, &text);

	if (rc == -KM_ENOENT && need == CONF_OPTIONAL)
		return check_all("kmemd");
	if (rc < 0) {
		say_unreadable(path, rc, &text);
		goto out;
	}
	reading.pinned = pinned;
	reading.text = &text;
	reading.name = NULL;
	reading.errors = 0;
	rc = parse(path, &text);
	reading.pinned = NULL;
	reading.text = NULL;
	if (rc == 0)
		rc = check_all(path);
out:
	conf_text_free(&text);
	return rc;
}
