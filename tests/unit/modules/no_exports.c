/* SPDX-License-Identifier: ISC */
/* no_exports.c - a shared object that is no module. */
#include "config.h"

#include "base/export.h"

KM_API int no_exports_answer(void);

int no_exports_answer(void)
{
	return 42;
}
