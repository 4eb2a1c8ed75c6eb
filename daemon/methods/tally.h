/* SPDX-License-Identifier: ISC */
/* tally.h - whether two walks over a pool have seen the same blocks. */
#ifndef KMEMD_METHODS_TALLY_H
#define KMEMD_METHODS_TALLY_H
/*
 * A tally is the same for the same blocks in whatever order, and another one
 * when a block, or anything that a dump says of it but its age, is another.
 * A client hands it from page to page as a text, so that nothing of a dump is
 * kept between pages.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view_block;

/* Start with a zeroed one. */
struct tally {
	uint64_t blocks;
	uint64_t size; /* bytes requested, of all of them */
	uint64_t mark; /* stands for all that was seen of them */
};

void tally_add(struct tally *tally, const struct view_block *block);
bool tally_equals(const struct tally *a, const struct tally *b);

#define TALLY_TEXT_SIZE 64
/* Into buf; buf. */
const char *tally_text(const struct tally *tally, char *buf, size_t size);
/* And back. Returns 0, or -KM_EINVAL. */
int tally_parse(struct tally *tally, const char *text);

#endif
