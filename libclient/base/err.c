/* SPDX-License-Identifier: ISC */
/* err.c - the texts of err.h. */
#include "config.h"

#include "base/err.h"

static const char *const texts[] = {
#define X(name, text) text,
	KM_ERRORS(X)
#undef X
};

_Static_assert(
    sizeof(texts) / sizeof(texts[0]) == KM_E__COUNT, "a text for each error");

const char *km_strerror(int rc)
{
	if (rc < 0)
		rc = -rc;
	if (rc < 0 || rc >= KM_E__COUNT)
		return "unknown error";
	return texts[rc];
}
