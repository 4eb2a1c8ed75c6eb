/* SPDX-License-Identifier: ISC */
/* words_forget.c - for each N of its input, words seen less often are freed. */
#include <stdlib.h>

#include "words.h"

/* Out of the table. Returns them, in a list. */
static struct word *take_out(struct words *words, unsigned long least)
{
	struct word **at, *word, *list = NULL;

	lock_get(&words->lock);
	for (size_t i = 0; i < WORDS_BUCKETS; i++)
		for (at = &words->bucket[i]; (word = *at) != NULL;) {
			if (word->seen >= least) {
				at = &word->next;
				continue;
			}
			*at = word->next;
			words->count--;
			word->next = list;
			list = word;
		}
	lock_release(&words->lock);
	return list;
}

static void forget(struct words *words, unsigned long least)
{
	struct word *word, *list = take_out(words, least);
	unsigned long n = 0;

	while ((word = list) != NULL) {
		list = word->next;
		shm_free(word); /* whoever has allocated it */
		n++;
	}
	printf("%lu forgotten\n", n);
	fflush(stdout);
}

int main(void)
{
	struct words *words = words_open("words_forget");
	char *line = pkg_malloc(WORDS_LINE);

	if (words == NULL || line == NULL)
		return 1;
	while (fgets(line, WORDS_LINE, stdin) != NULL)
		forget(words, strtoul(line, NULL, 10));
	pkg_free(line);
	return 0;
}
