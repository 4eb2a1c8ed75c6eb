/* SPDX-License-Identifier: ISC */
/* errno_of.h - errno, of functions that return a pointer. */
#ifndef KMEM_BASE_ERRNO_OF_H
#define KMEM_BASE_ERRNO_OF_H

/* What it is to be for -KM_Ex; ENOMEM where err.c says nothing else. */
int errno_of(int rc);

#endif
