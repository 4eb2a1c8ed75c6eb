/* SPDX-License-Identifier: ISC */
/* candidates.h - words that could stand where one is being typed. */
#ifndef CTL_CANDIDATES_H
#define CTL_CANDIDATES_H
/*
 * Only words that begin with what has been typed are taken, each once, and
 * none that could drive a terminal or be two words to a shell.
 *
 * Lifetime: until freed; it has copies. Concurrency: one thread.
 */
#include <stddef.h>

struct candidates;

/* typed is borrowed. Returns 0 and *candidates, or -KM_ENOMEM. */
int candidates_new(const char *typed, struct candidates **candidates);
void candidates_free(struct candidates **candidates);

/* about says what it is, on one line; NULL: nothing to say. When there is no
 * memory for it, it is left out. */
void candidates_add(
    struct candidates *candidates, const char *word, const char *about);

/* Each of a text's words, separated by blanks. */
void candidates_add_words(struct candidates *candidates, const char *words);

size_t candidates_count(const struct candidates *candidates);

/* By number, in the order of strcmp(3) once they have been sorted. */
void candidates_sort(struct candidates *candidates);
const char *candidates_word(const struct candidates *candidates, size_t i);
const char *candidates_about(const struct candidates *candidates, size_t i);

/* How many bytes all of them begin with in common; 0 when there is none. */
size_t candidates_common(const struct candidates *candidates);

#endif
