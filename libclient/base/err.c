/* SPDX-License-Identifier: ISC */
/* err.c - the texts of err.h. */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"

static const char *const texts[] = {
#define X(name, text) text,
	KM_ERRORS(X)
#undef X
};

_Static_assert(sizeof(texts) / sizeof(texts[0]) == KM_E__END - KM_E__FIRST,
    "a text for each error");

/* What errno means where libkmem sets it; of any other, libc's text is good. */
static const struct {
	int number;
	const char *text;
} errnos[] = {
	{ 0, "success" },
	{ ENOTCONN, "not attached to kmemd: km_attach() comes first" },
	{ EROFS, "attached as an observer, which may only read" },
	{ EAGAIN, "the child of a fork cannot join kmemd, or what a killed "
		  "process left is in the way" },
	{ ENOMEM, "out of memory" },
	{ EINVAL, "invalid argument, or no pool yet" },
	{ EEXIST, "exists already" },
	{ EBUSY, "in use" },
	{ ENOENT, "no such thing" },
	{ ECANCELED, "the function that was to initialise it has failed" },
};

static const char *errno_text(int number)
{
	const char *text;

	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (errnos[i].number == number)
			return errnos[i].text;
	text = strerrordesc_np(number); /* no lock, no buffer, no locale */
	return text != NULL ? text : "unknown error";
}

const char *km_strerror(int rc)
{
	/* Negated as unsigned: there is no -INT_MIN. */
	unsigned number = rc < 0 ? 0u - (unsigned)rc : (unsigned)rc;

	if (number < KM_E__FIRST)
		return errno_text((int)number);
	if (number >= KM_E__END)
		return "unknown error";
	return texts[number - KM_E__FIRST];
}
