/* SPDX-License-Identifier: ISC */
/* caller.c - the site of who called malloc(), by the address it returns to. */
#include "config.h"

#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mem/site_table.h"
#include "preload/caller.h"

#define PROBES_MAX 32 /* entries looked at before the table counts as full */
#define CLAIMED	   ((uintptr_t)1)

struct caller caller_table[1 << CALLER_BITS];

/* The object that an address is in. */
struct object {
	uintptr_t address;
	uintptr_t base;
	char path[PATH_MAX];
};

static int is_in(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct object *object = arg;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD ||
		    object->address - info->dlpi_addr - segment->p_vaddr >=
			segment->p_memsz)
			continue;
		object->base = info->dlpi_addr;
		snprintf(
		    object->path, sizeof(object->path), "%s", info->dlpi_name);
		return 1;
	}
	return 0;
}

/* The program itself is the object without a name. */
static void name_program(struct object *object)
{
	ssize_t n =
	    readlink("/proc/self/exe", object->path, sizeof(object->path) - 1);

	object->path[n > 0 ? n : 0] = '\0';
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static uint64_t make_row(struct km_pool *pool, uintptr_t address)
{
	/* The call is before the address that it returns to. */
	struct object object = { .address = address - 1 };
	struct km_site site = { .file = object.path };
	char place[32];

	if (dl_iterate_phdr(is_in, &object) == 0)
		snprintf(object.path, sizeof(object.path), "?");
	else if (object.path[0] == '\0')
		name_program(&object);
	snprintf(place, sizeof(place), "+0x%lx",
	    (long)(object.address - object.base));
	site.func = place;
	site.mname = name_of(object.path);
	site_intern(pool, &site);
	return site.row[pool->kind];
}

static bool claim(struct caller *caller)
{
	uintptr_t none = 0;

	return __atomic_compare_exchange_n(&caller->address, &none, CLAIMED,
	    false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

uint64_t caller_intern(struct km_pool *pool, uintptr_t address)
{
	size_t first = (size_t)(caller_at(address) - caller_table);
	uint64_t row;

	for (size_t i = 0; i < PROBES_MAX; i++) {
		struct caller *caller =
		    &caller_table[(first + i) % (1 << CALLER_BITS)];

		if (__atomic_load_n(&caller->address, __ATOMIC_ACQUIRE) ==
		    address)
			return caller->row;
		if (!claim(caller))
			continue;
		row = caller->row = make_row(pool, address);
		__atomic_store_n(&caller->address, address, __ATOMIC_RELEASE);
		return row;
	}
	return (uint64_t)pool->generation << 32 | SITE_UNKNOWN;
}
