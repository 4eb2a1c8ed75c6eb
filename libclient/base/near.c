/* SPDX-License-Identifier: ISC */
/* near.c - the distance of names, as people type them. */
#include "config.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/near.h"

#define NAME_MOST   63 /* bytes; a longer one is near to none */
#define PER_SLIP    3  /* letters that a slip needs beside it */
#define SLIPS_MOST  3
#define SHORTEST    3 /* letters of a part that stands for the whole */
#define PART_IS	    1 /* as far as one slip */
#define ROWS_NEEDED 3 /* an exchange looks two letters back */

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Letters to insert, leave out, replace, or exchange with their neighbour. */
static unsigned slips(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[ROWS_NEEDED][NAME_MOST + 1];

	for (size_t i = 0; i <= a_len; i++) {
		unsigned *row = rows[i % ROWS_NEEDED];
		const unsigned *up = rows[(i + ROWS_NEEDED - 1) % ROWS_NEEDED];
		const unsigned *up2 = rows[(i + ROWS_NEEDED - 2) % ROWS_NEEDED];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			if (i == 0) {
				row[j] = (unsigned)j;
				continue;
			}
			row[j] = up[j - 1] + !is_same(a[i - 1], b[j - 1]);
			row[j] = smaller(row[j], up[j] + 1);
			row[j] = smaller(row[j], row[j - 1] + 1);
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
			    is_same(a[i - 2], b[j - 1]))
				row[j] = smaller(row[j], up2[j - 2] + 1);
		}
	}
	return rows[a_len % ROWS_NEEDED][b_len];
}

/* The beginning of it, or what is behind its dot. */
static bool is_part(const char *name, size_t len, const char *candidate)
{
	const char *dot = strchr(candidate, '.');

	return len >= SHORTEST &&
	       (strncasecmp(name, candidate, len) == 0 ||
		   (dot != NULL && strcasecmp(name, dot + 1) == 0));
}

void near_begin(struct near *near, const char *name)
{
	size_t len = strnlen(name, NAME_MOST + 1);
	unsigned most = (unsigned)len / PER_SLIP;

	*near = (struct near){ .name = name };
	/* One more than may be, as a first one to be nearer than. */
	if (len > 1 && len <= NAME_MOST)
		near->distance =
		    1 + (most == 0 ? 1 : smaller(most, SLIPS_MOST));
}

void near_try(struct near *near, const char *candidate)
{
	size_t len, c_len = strlen(candidate);
	unsigned distance = NAME_MOST;

	if (near->distance == 0 || c_len > NAME_MOST)
		return;
	len = strlen(near->name);
	/* It takes as many slips at least, and most names are not tried. */
	if (len < c_len + near->distance && c_len < len + near->distance)
		distance = slips(near->name, len, candidate, c_len);
	if (is_part(near->name, len, candidate))
		distance = smaller(distance, PART_IS);
	if (distance < near->distance) {
		near->distance = distance;
		near->best = candidate;
	}
}

const char *near_hint(
    const struct near *near, const char *rest, char *buf, size_t size)
{
	if (near->best == NULL && rest == NULL)
		return NULL;
	if (near->best == NULL)
		snprintf(buf, size, "%s", rest);
	else
		snprintf(buf, size, "did you mean %s?%s%s", near->best,
		    rest != NULL ? " " : "", rest != NULL ? rest : "");
	return buf;
}
