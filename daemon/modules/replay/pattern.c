/* SPDX-License-Identifier: ISC */
/* pattern.c - fills blocks and finds the byte that changed. */
#include "config.h"

#include <string.h>

#include "daemon/modules/replay/pattern.h"

#define ID_FACTOR   0x9e3779b97f4a7c15ULL /* odd, bits well mixed */
#define SIZE_FACTOR 0xc2b2ae3d27d4eb4fULL
#define STEP	    0x165667b19e3779f9ULL /* between words */

static uint64_t first_word(uint32_t id, size_t size)
{
	return id * ID_FACTOR ^ size * SIZE_FACTOR;
}

void pattern_fill(void *block, uint32_t id, size_t size)
{
	uint64_t word = first_word(id, size);
	char *at = block;

	for (; size >= sizeof(word); size -= sizeof(word)) {
		memcpy(at, &word, sizeof(word));
		at += sizeof(word);
		word += STEP;
	}
	memcpy(at, &word, size);
}

/* The first byte of two words that differs, at most n. */
static size_t differs_at(const char *a, const void *b, size_t n)
{
	const char *c = b;
	size_t i = 0;

	while (i < n && a[i] == c[i])
		i++;
	return i;
}

size_t pattern_check(const void *block, uint32_t id, size_t size, size_t n)
{
	uint64_t word = first_word(id, size);
	const char *at = block;
	size_t done = 0;

	while (done < n) {
		size_t len = n - done < sizeof(word) ? n - done : sizeof(word);

		if (memcmp(at + done, &word, len) != 0)
			return done + differs_at(at + done, &word, len);
		done += len;
		word += STEP;
	}
	return n;
}
