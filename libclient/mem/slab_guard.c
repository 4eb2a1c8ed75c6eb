/* SPDX-License-Identifier: ISC */
/* slab_guard.c - guards of a slab pool: put and check. */
#include "config.h"

#include <string.h>

#include "base/err.h"
#include "mem/slab_guard.h"

/* No text, no small number, no address. */
static const unsigned char guard[SLAB_GUARD_SIZE] = { 0xc5, 0x5c, 0xc5, 0x5c,
	0xc5, 0x5c, 0xc5, 0x5c };

size_t slab_guard_size(size_t size, size_t room)
{
	return room - size < SLAB_GUARD_SIZE ? room - size : SLAB_GUARD_SIZE;
}

bool slab_guard_is_good(const void *bytes, size_t n)
{
	return memcmp(bytes, guard, n) == 0;
}

void slab_guard_put(
    const struct slab_part *part, void *p, size_t size, size_t room)
{
	if (part->has_guard)
		memcpy((char *)p + size, guard, slab_guard_size(size, room));
}

int slab_guard_check(const struct slab_part *part, const void *p, size_t size,
    size_t room, struct misuse *misuse)
{
	const char *at = (const char *)p + size;
	size_t n = slab_guard_size(size, room);

	if (!part->has_guard || slab_guard_is_good(at, n))
		return 0;
	misuse->kind = MISUSE_TAIL;
	misuse_show_found(misuse, at, n, (int64_t)size);
	return -KM_EINVAL;
}
