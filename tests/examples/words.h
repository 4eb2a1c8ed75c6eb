/* SPDX-License-Identifier: ISC */
/* words.h - a table of words that programs share: how often each was seen. */
#ifndef EXAMPLES_WORDS_H
#define EXAMPLES_WORDS_H
/*
 * Three programs use it: words_collect.c, words_report.c and words_forget.c;
 * words_read.py as well.  Whoever comes first makes it, by its name.  Plain
 * pointers will do in it, since all have shm at the same address.
 *
 * Concurrency: hold the lock.  A holder that is killed leaves a table that is
 * good: a word is in it, or out of it, by one store; only count may be off by
 * one, and nobody relies on it.
 */
#include <stdio.h>
#include <string.h>

#include <kmem.h>

#define WORDS_ROOT    "example.words"
#define WORDS_BUCKETS 256
#define WORDS_LINE    64 /* bytes of a word, or of a line of input */

struct word {
	struct word *next;
	unsigned long seen;
	char text[];
};

struct words {
	struct word *bucket[WORDS_BUCKETS];
	unsigned long count;
	gen_lock_t lock;
};

static inline int words_init(void *p)
{
	return lock_init(&((struct words *)p)->lock) != NULL ? 0 : -1;
}

/* Attach, and find or make the table. NULL: says why. */
static inline struct words *words_open(const char *program)
{
	struct words *words;

	if (km_attach(NULL) != 0) {
		fprintf(stderr, "%s: %s\n", program, km_attach_why());
		return NULL;
	}
	words =
	    km_root_get_or_create(WORDS_ROOT, sizeof(struct words), words_init);
	if (words == NULL)
		perror(program);
	return words;
}

/* The place of a word, or where it would be. */
static inline struct word **words_find(struct words *words, const char *text)
{
	unsigned hash = 5381;
	struct word **at;

	for (const char *c = text; *c != '\0'; c++)
		hash = hash * 33 + (unsigned char)*c;
	at = &words->bucket[hash % WORDS_BUCKETS];
	while (*at != NULL && strcmp((*at)->text, text) != 0)
		at = &(*at)->next;
	return at;
}

#endif
