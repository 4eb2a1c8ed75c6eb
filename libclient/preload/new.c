/* SPDX-License-Identifier: ISC */
/* new.c - operator new and delete of C++, by their names in an object. */
#include "config.h"

#include <dlfcn.h>
#include <stddef.h>

#include "preload/preload.h"

/*
 * Without these the site of each would be the C++ library. What fails calls
 * the library's own operator, which fails again, asks the program's new_handler
 * and throws.
 */

static void *or_throw(void *p, const char *name, size_t size)
{
	void *(*next)(size_t);

	if (p != NULL)
		return p;
	*(void **)&next = dlsym(RTLD_NEXT, name);
	return next != NULL ? next(size) : NULL;
}

static void *or_throw_aligned(
    void *p, const char *name, size_t size, size_t align)
{
	void *(*next)(size_t, size_t);

	if (p != NULL)
		return p;
	*(void **)&next = dlsym(RTLD_NEXT, name);
	return next != NULL ? next(size, align) : NULL;
}

#define NEW(name)                                                              \
	PRELOAD_API void *name(size_t size);                                   \
	void *name(size_t size)                                                \
	{                                                                      \
		return or_throw(                                               \
		    preload_malloc(size, PRELOAD_FROM), #name, size);          \
	}
#define NEW_NOTHROW(name)                                                      \
	PRELOAD_API void *name(size_t size, const void *tag);                  \
	void *name(size_t size, const void *tag)                               \
	{                                                                      \
		return preload_malloc(size, PRELOAD_FROM);                     \
	}
#define NEW_ALIGNED(name)                                                      \
	PRELOAD_API void *name(size_t size, size_t align);                     \
	void *name(size_t size, size_t align)                                  \
	{                                                                      \
		return or_throw_aligned(                                       \
		    preload_memalign(align, size, PRELOAD_FROM), #name, size,  \
		    align);                                                    \
	}
#define NEW_ALIGNED_NOTHROW(name)                                              \
	PRELOAD_API void *name(size_t size, size_t align, const void *tag);    \
	void *name(size_t size, size_t align, const void *tag)                 \
	{                                                                      \
		return preload_memalign(align, size, PRELOAD_FROM);            \
	}
/* Size and alignment are the pool's to know. */
#define DELETE(name)                                                           \
	PRELOAD_API void name(void *p);                                        \
	void name(void *p)                                                     \
	{                                                                      \
		preload_free(p, PRELOAD_FROM);                                 \
	}

NEW(_Znwm)
NEW(_Znam)
NEW_NOTHROW(_ZnwmRKSt9nothrow_t)
NEW_NOTHROW(_ZnamRKSt9nothrow_t)
NEW_ALIGNED(_ZnwmSt11align_val_t)
NEW_ALIGNED(_ZnamSt11align_val_t)
NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t)
NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t)
DELETE(_ZdlPv)
DELETE(_ZdaPv)
DELETE(_ZdlPvm)
DELETE(_ZdaPvm)
DELETE(_ZdlPvSt11align_val_t)
DELETE(_ZdaPvSt11align_val_t)
DELETE(_ZdlPvmSt11align_val_t)
DELETE(_ZdaPvmSt11align_val_t)
DELETE(_ZdlPvRKSt9nothrow_t)
DELETE(_ZdaPvRKSt9nothrow_t)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t)
