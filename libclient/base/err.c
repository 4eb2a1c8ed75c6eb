/* SPDX-License-Identifier: ISC */
/* err.c - the texts of err.h. */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "base/errno_of.h"

static const char *const texts[] = {
#define X(name, text) text,
	KM_ERRORS(X)
#undef X
};

_Static_assert(sizeof(texts) / sizeof(texts[0]) == KM_E__END - KM_E__FIRST,
    "a text for each error");

/*
 * What errno means where libkmem sets it, and for which error; of any other,
 * libc's text is good.
 */
static const struct {
	int number;
	enum km_error error; /* KM_OK: for none of them */
	const char *text;    /* NULL: that of the error */
} errnos[] = {
	{ 0, KM_OK, "success" },
	{ ENOTCONN, KM_OK, "not attached to kmemd: km_attach() comes first" },
	{ EROFS, KM_OK, "attached as an observer, which may only read" },
	{ EAGAIN, KM_ETIMEOUT,
	    "the child of a fork cannot join kmemd, or what a killed process "
	    "left is in the way" },
	{ ENOMEM, KM_ENOMEM, NULL },
	{ EINVAL, KM_EINVAL, "invalid argument, or no pool yet" },
	{ EEXIST, KM_EEXIST, NULL },
	{ EBUSY, KM_EBUSY, NULL },
	{ ENOENT, KM_ENOENT, NULL },
	{ ECANCELED, KM_EINTERRUPTED,
	    "the function that was to initialise it has failed" },
};

#define N_ERRNOS (sizeof(errnos) / sizeof(errnos[0]))

int errno_of(int rc)
{
	for (size_t i = 0; i < N_ERRNOS; i++)
		if (rc != 0 && (int)errnos[i].error == -rc)
			return errnos[i].number;
	return ENOMEM;
}

static const char *errno_text(int number)
{
	const char *text;

	for (size_t i = 0; i < N_ERRNOS; i++)
		if (errnos[i].number == number)
			return errnos[i].text != NULL
				   ? errnos[i].text
				   : texts[errnos[i].error - KM_E__FIRST];
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
