/* SPDX-License-Identifier: ISC */
/* reason.c - the text of an error, errno's when that says more. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "daemon/reason.h"

const char *reason(int rc)
{
	return rc == -KM_ESYS ? strerror(errno) : km_strerror(rc);
}
