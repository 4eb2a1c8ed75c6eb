/* SPDX-License-Identifier: ISC */
/* reason.h - the text of an error, errno's when that says more. */
#ifndef KMEMD_REASON_H
#define KMEMD_REASON_H

/* As km_strerror(), but of -KM_ESYS what errno says. Borrowed until reused. */
const char *reason(int rc);

#endif
