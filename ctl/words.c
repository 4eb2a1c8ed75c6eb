/* SPDX-License-Identifier: ISC */
/* words.c - the words of a command as a method and its parameters. */
#include "config.h"

#include <json-c/json.h>

#include "base/err.h"
#include "ctl/complain.h"
#include "ctl/escape.h"
#include "ctl/line.h"
#include "ctl/words.h"

enum status words_method(const char *word)
{
	if (*word != '\0' && escape_is_utf8(word))
		return STATUS_OK;
	complain(
	    NULL, "help lists them", "\"%s\" cannot be a method's name", word);
	return STATUS_USAGE;
}

static enum status bad_word(const char *method, const char *word, int rc)
{
	if (rc == -KM_ERANGE)
		complain(method, "s: before it makes it a string",
		    "%s does not fit in 64 bits", word);
	else if (rc == -KM_ENOMEM)
		complain(method, NULL, "%s", km_strerror(rc));
	else if (escape_is_utf8(word))
		complain(method, "digits, maybe - before them",
		    "%s is no whole number", word);
	else
		complain(method, NULL, "the argument %s is not UTF-8", word);
	return rc == -KM_ENOMEM ? STATUS_BROKEN : STATUS_USAGE;
}

enum status words_params(const char *method, size_t count, char *const *words,
    struct json_object **params)
{
	struct json_object *value;
	int rc = 0;

	*params = count > 0 ? json_object_new_array() : NULL;
	if (count > 0 && *params == NULL)
		return bad_word(method, "", -KM_ENOMEM);
	for (size_t i = 0; i < count; i++) {
		rc = line_value(words[i], &value);
		if (rc == 0 && json_object_array_add(*params, value) != 0) {
			json_object_put(value);
			rc = -KM_ENOMEM;
		}
		if (rc != 0) {
			json_object_put(*params);
			*params = NULL;
			return bad_word(method, words[i], rc);
		}
	}
	return STATUS_OK;
}
