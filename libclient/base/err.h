/* SPDX-License-Identifier: ISC */
/* err.h - the one list of errors of libkmem, rpc and the daemon. */
#ifndef KMEM_BASE_ERR_H
#define KMEM_BASE_ERR_H
/*
 * A function that can fail returns int: 0, or one of these made negative
 * (-KM_ENOMEM).  Output comes through its last pointer.  One that returns a
 * pointer returns NULL and sets errno instead.
 * Each row of the list is a name and its text, so the enum and
 * km_strerror() cannot differ.
 */
#include "base/export.h"

#define KM_ERRORS(X)                                                           \
	X(ENOMEM, "out of memory")                                             \
	X(EINVAL, "invalid argument")                                          \
	X(ERANGE, "value out of range")                                        \
	X(EFULL, "table is full")                                              \
	X(ENOENT, "no such thing")                                             \
	X(EEXIST, "exists already")                                            \
	X(EBUSY, "in use")                                                     \
	X(EPERM, "not permitted")                                              \
	X(ESYS, "system call failed, see errno")                               \
	X(EADDR, "the address is taken by another mapping")                    \
	X(EABI, "another ABI version or layout")                               \
	X(ECORRUPT, "damaged data")                                            \
	X(EREADY, "not set up yet")                                            \
	X(EPROTO, "protocol violation")                                        \
	X(ELIMIT, "over a limit")                                              \
	X(ETIMEOUT, "timed out")                                               \
	X(ECLOSED, "the other side has closed")                                \
	X(ENOTSUP, "not supported here")                                       \
	X(EINTERRUPTED, "interrupted")

/* Above any errno: a number is one of these or one of those. */
#define KM_E__FIRST 1001

enum km_error {
	KM_OK,
	KM_E__BEFORE_FIRST = KM_E__FIRST - 1,
#define X(name, text) KM_##name,
	KM_ERRORS(X)
#undef X
	KM_E__END
};

/*
 * The text of -KM_Ex or KM_Ex, or of what errno was when a function returned
 * NULL; never NULL. Thread-safe, good in signal handlers, nothing to free.
 */
KM_API const char *km_strerror(int rc);

#endif
